#include "metal/shape_calls.h"

namespace fa::metal {

namespace {

AttentionInputs input_shapes(const Problem& problem, const OutputShapes& shapes) {
  AttentionInputs inputs;
  inputs.q = packed_tensor(shapes.dq, problem.dtype);
  inputs.k = packed_tensor(shapes.dk, problem.dtype);
  inputs.v = packed_tensor(shapes.dv, problem.dtype);
  const std::array<int64_t, 4> row{1, 1, 1, problem.key_length};
  if (problem.has(Feature::mask)) inputs.mask = packed_tensor(row, DType::boolean);
  if (problem.has(Feature::bias)) inputs.bias = packed_tensor(row, problem.bias_dtype);
  return inputs;
}

Tensor stats_shape(const OutputShapes& shapes) {
  return packed_tensor(std::array<int64_t, 4>{2, shapes.lse[0], shapes.lse[1], shapes.lse[2]},
                       DType::float32);
}

}  // namespace

ForwardCall forward_shapes(const Problem& problem) {
  const OutputShapes shapes = output_shapes(problem);
  ForwardCall call;
  call.inputs = input_shapes(problem, shapes);
  call.out = packed_tensor(shapes.out, problem.dtype);
  call.lse = packed_tensor(shapes.lse, DType::float32);
  call.softmax_stats = stats_shape(shapes);
  return call;
}

BackwardCall backward_shapes(const Problem& problem) {
  const OutputShapes shapes = output_shapes(problem);
  BackwardCall call;
  call.inputs = input_shapes(problem, shapes);
  call.out = call.d_out = packed_tensor(shapes.out, problem.dtype);
  call.lse = packed_tensor(shapes.lse, DType::float32);
  call.softmax_stats = stats_shape(shapes);
  call.dq = packed_tensor(shapes.dq, problem.dtype);
  call.dk = packed_tensor(shapes.dk, problem.dtype);
  call.dv = packed_tensor(shapes.dv, problem.dtype);
  return call;
}

}  // namespace fa::metal
