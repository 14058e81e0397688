#include "metal/shape_calls.h"

#include <algorithm>

namespace fa::metal {

namespace {

template <size_t kRank>
Tensor shaped(const std::array<int64_t, kRank>& shape, DType dtype) {
  Tensor tensor;
  tensor.dtype = dtype;
  tensor.rank = kRank;
  std::copy(shape.begin(), shape.end(), tensor.shape.begin());
  pack_strides(tensor);
  return tensor;
}

AttentionInputs input_shapes(const Problem& problem, const OutputShapes& shapes) {
  AttentionInputs inputs;
  inputs.q = shaped(shapes.dq, problem.dtype);
  inputs.k = shaped(shapes.dk, problem.dtype);
  inputs.v = shaped(shapes.dv, problem.dtype);
  const std::array<int64_t, 4> row{1, 1, 1, problem.key_length};
  if (problem.has(Feature::mask)) inputs.mask = shaped(row, DType::boolean);
  if (problem.has(Feature::bias)) inputs.bias = shaped(row, problem.bias_dtype);
  return inputs;
}

Tensor stats_shape(const OutputShapes& shapes) {
  return shaped(std::array<int64_t, 4>{2, shapes.lse[0], shapes.lse[1], shapes.lse[2]}, DType::float32);
}

}  // namespace

ForwardCall forward_shapes(const Problem& problem) {
  const OutputShapes shapes = output_shapes(problem);
  ForwardCall call;
  call.inputs = input_shapes(problem, shapes);
  call.out = shaped(shapes.out, problem.dtype);
  call.lse = shaped(shapes.lse, DType::float32);
  call.softmax_stats = stats_shape(shapes);
  return call;
}

BackwardCall backward_shapes(const Problem& problem) {
  const OutputShapes shapes = output_shapes(problem);
  BackwardCall call;
  call.inputs = input_shapes(problem, shapes);
  call.out = call.d_out = shaped(shapes.out, problem.dtype);
  call.lse = shaped(shapes.lse, DType::float32);
  call.softmax_stats = stats_shape(shapes);
  call.dq = shaped(shapes.dq, problem.dtype);
  call.dk = shaped(shapes.dk, problem.dtype);
  call.dv = shaped(shapes.dv, problem.dtype);
  return call;
}

}  // namespace fa::metal
