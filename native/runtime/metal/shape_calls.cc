#include "metal/shape_calls.h"

#include <array>

namespace fa::metal {

namespace {

template <typename... Sizes>
Tensor shape_of(DType dtype, Sizes... sizes) {
  return packed_tensor(std::array<int64_t, sizeof...(Sizes)>{sizes...}, dtype);
}

/// Rows of q, k, v, out or their gradients: those of packed sequences lack the batch.
Tensor rows_of(const Problem& problem, const std::array<int64_t, 4>& shape) {
  if (!problem.packed()) return packed_tensor(shape, problem.dtype);
  return shape_of(problem.dtype, shape[1], shape[2], shape[3]);
}

/// k or v, and their scales: of a whole cache, or of as many pages as a sequence can have.
Tensor key_rows_of(const Problem& problem, const std::array<int64_t, 4>& shape, bool scaled) {
  Tensor rows = rows_of(problem, shape);
  if (problem.page_size > 0) {
    rows = shape_of(problem.dtype, problem.key_length / problem.page_size, problem.page_size,
                    problem.kv_heads, shape[3]);
  }
  if (scaled) rows.dtype = DType::int8;
  return rows;
}

Tensor scale_of(const Problem& problem, const Tensor& rows) {
  if (problem.page_size == 0) {
    return shape_of(DType::float32, problem.batch, problem.kv_heads, problem.key_length);
  }
  return shape_of(DType::float32, rows.shape[0], rows.shape[1], rows.shape[2]);
}

void add_lengths(const Problem& problem, AttentionInputs& inputs) {
  if (problem.packed()) {
    inputs.cu_seqlens_q = inputs.cu_seqlens_k = shape_of(DType::int32, problem.batch + 1);
  }
  if (problem.has(Feature::kv_lengths)) inputs.kv_lengths = shape_of(DType::int32, problem.batch);
  if (problem.page_size > 0) {
    inputs.block_table = shape_of(DType::int32, problem.batch, problem.key_length / problem.page_size);
  }
}

AttentionInputs input_shapes(const Problem& problem, const OutputShapes& shapes) {
  AttentionInputs inputs;
  const bool k_scaled = problem.has(Feature::k_scale), v_scaled = problem.has(Feature::v_scale);
  inputs.q = rows_of(problem, shapes.dq);
  inputs.k = key_rows_of(problem, shapes.dk, k_scaled);
  inputs.v = key_rows_of(problem, shapes.dv, v_scaled);
  if (k_scaled) inputs.k_scale = scale_of(problem, inputs.k);
  if (v_scaled) inputs.v_scale = scale_of(problem, inputs.v);
  if (problem.has(Feature::mask)) inputs.mask = packed_tensor(problem.mask_shape, DType::boolean);
  if (problem.has(Feature::bias)) inputs.bias = packed_tensor(problem.bias_shape, problem.bias_dtype);
  if (problem.has(Feature::alibi_slopes)) inputs.alibi_slopes = shape_of(DType::float32, problem.query_heads);
  if (problem.has(Feature::sinks)) inputs.sinks = shape_of(DType::float32, problem.query_heads);
  if (problem.rotary_pairs > 0) {
    inputs.rope_cos = inputs.rope_sin = shape_of(DType::float32, problem.key_length, problem.rotary_pairs);
  }
  add_lengths(problem, inputs);
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
  call.out = rows_of(problem, shapes.out);
  call.lse = packed_tensor(shapes.lse, DType::float32);
  call.softmax_stats = stats_shape(shapes);
  return call;
}

BackwardCall backward_shapes(const Problem& problem) {
  const OutputShapes shapes = output_shapes(problem);
  BackwardCall call;
  call.inputs = input_shapes(problem, shapes);
  call.out = call.d_out = rows_of(problem, shapes.out);
  call.lse = packed_tensor(shapes.lse, DType::float32);
  call.softmax_stats = stats_shape(shapes);
  call.dq = rows_of(problem, shapes.dq);
  call.dk = rows_of(problem, shapes.dk);
  call.dv = rows_of(problem, shapes.dv);
  const auto wants = [&](Feature option) { return (problem.gradients & feature_bit(option)) != 0; };
  if (wants(Feature::bias)) call.d_bias = packed_tensor(problem.bias_shape, DType::float32);
  if (wants(Feature::alibi_slopes)) call.d_alibi_slopes = call.inputs.alibi_slopes;
  if (wants(Feature::sinks)) call.d_sinks = call.inputs.sinks;
  return call;
}

}  // namespace fa::metal
