const dense = 'ONNX tensors have no strides';
const ownResults = 'results are memory of ONNX Runtime';

/** What no model can say. */
export const neverSaid = {
  strides: dense,
  'refuse:innerStride': dense,
  'refuse:negativeStride': dense,
  'refusals:output': ownResults,
  'refuse:wrongArray': 'onnxruntime-common refuses such a Tensor',
  'refuse:unknownDtype': 'onnxruntime-common refuses such a Tensor',
  'refuse:fractionalSize': 'onnxruntime-common refuses such a Tensor',
  'refuse:noTensor': 'ONNX Runtime refuses a model without a required input',
  'refuse:kernelName': 'nodes cannot force a kernel',
  paged: 'no input for it',
  int8: 'no input for it',
  rope: 'no input for it',
};
