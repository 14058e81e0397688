// Shapes and dtypes of the optional tensors of a call.
#include "check_tensor.h"
#include "problem_checks.h"

namespace fa {

namespace {

void check(const char* argument, const Tensor& tensor, std::initializer_list<DType> dtypes,
           std::initializer_list<Axis> axes) {
  expect_dtype(argument, tensor, dtypes);
  expect_shape(argument, tensor, axes);
  check_extent(argument, tensor);
}

void check_score_rows(const char* argument, const Tensor& tensor, std::initializer_list<DType> dtypes,
                      const Problem& problem) {
  // Of packed sequences the longest counts, which the values of cuSeqlens tell (check_sequences).
  const bool packed = problem.packed();
  check(argument, tensor, dtypes,
        {{"B", problem.batch, true},
         {"Hq", problem.query_heads, true},
         {"Lq", packed ? kAnySize : problem.query_length, true},
         {"Lk", packed ? kAnySize : problem.key_length}});
}

/// Scales of int8 keys or values: per token and head.
void check_scale(const char* argument, const Tensor& tensor, const AttentionInputs& inputs,
                 const Problem& problem) {
  if (inputs.block_table) {
    const auto& k = inputs.k.shape;
    check(argument, tensor, {DType::float32}, {{"pages", k[0]}, {"pageSize", k[1]}, {"Hkv", k[2]}});
    return;
  }
  check(argument, tensor, {DType::float32},
        {{"B", problem.batch}, {"Hkv", problem.kv_heads}, {"Lk", problem.key_length}});
}

}  // namespace

void check_score_inputs(const AttentionInputs& inputs, Problem& problem) {
  if (inputs.mask) {
    check_score_rows("mask", *inputs.mask, {DType::boolean}, problem);
    problem.mask_shape = inputs.mask->shape;
    use(problem, Feature::mask);
  }
  if (inputs.bias) {
    check_score_rows("bias", *inputs.bias, {DType::float32, DType::float16, DType::bfloat16}, problem);
    problem.bias_dtype = inputs.bias->dtype;
    problem.bias_shape = inputs.bias->shape;
    use(problem, Feature::bias);
  }
  if (inputs.alibi_slopes) {
    const Tensor& slopes = *inputs.alibi_slopes;
    if (slopes.rank == 2) {
      check("alibiSlopes", slopes, {DType::float32}, {{"B", problem.batch}, {"Hq", problem.query_heads}});
    } else {
      check("alibiSlopes", slopes, {DType::float32}, {{"Hq", problem.query_heads}});
    }
    use(problem, Feature::alibi_slopes);
  }
  if (inputs.sinks) {
    check("sinks", *inputs.sinks, {DType::float32}, {{"Hq", problem.query_heads}});
    use(problem, Feature::sinks);
  }
}

void check_key_storage(const AttentionInputs& inputs, Problem& problem) {
  if (is_packed(inputs)) {
    check("cuSeqlensQ", *inputs.cu_seqlens_q, {DType::int32}, {{"B+1", kAnySize}});
    if (problem.batch < 0) {
      refuse(ErrorCode::SHAPE_MISMATCH, "cuSeqlensQ", "at least one element",
             shape_text(*inputs.cu_seqlens_q));
    }
    check("cuSeqlensK", *inputs.cu_seqlens_k, {DType::int32}, {{"B+1", problem.batch + 1}});
    use(problem, Feature::cu_seqlens_q);
    use(problem, Feature::cu_seqlens_k);
  }
  if (inputs.kv_lengths) {
    check("kvLengths", *inputs.kv_lengths, {DType::int32}, {{"B", problem.batch}});
    use(problem, Feature::kv_lengths);
  }
  if (inputs.block_table) {
    expect_dtype("blockTable", *inputs.block_table, {DType::int32});
    if (!inputs.kv_lengths) {
      refuse(ErrorCode::INVALID_ARGUMENT, "kvLengths", "a tensor, because blockTable is given", "none");
    }
    use(problem, Feature::block_table);
  }
  if (inputs.k_scale) {
    check_scale("kScale", *inputs.k_scale, inputs, problem);
    use(problem, Feature::k_scale);
  }
  if (inputs.v_scale) {
    check_scale("vScale", *inputs.v_scale, inputs, problem);
    use(problem, Feature::v_scale);
  }
}

/// [B, L], or [T] of packed sequences.
void check_position_shape(const Tensor& positions, const Problem& problem, const char* axis, int64_t length) {
  if (problem.packed()) {
    check("rope", positions, {DType::int32}, {{axis, length}});
  } else {
    check("rope", positions, {DType::int32}, {{"B", problem.batch}, {axis, length}});
  }
}

void check_default_positions(const AttentionInputs& inputs, int64_t queries, int64_t keys) {
  if (!inputs.rope_cos) return;
  if (!inputs.positions_q && queries > keys) {
    refuse(ErrorCode::INVALID_ARGUMENT, "rope",
           "positionsQ, because Lq > Lk leaves negative default positions", "none");
  }
  const int64_t positions = inputs.rope_cos->shape[0];
  const bool takes_defaults = (!inputs.positions_q && queries > 0) || (!inputs.positions_k && keys > 0);
  if (takes_defaults && positions < keys) {
    refuse(ErrorCode::SHAPE_MISMATCH, "rope", "cos and sin for " + std::to_string(keys) + " positions",
           std::to_string(positions));
  }
}

void check_rope(const AttentionInputs& inputs, const AttentionOptions& options, Problem& problem) {
  const bool any =
      inputs.rope_cos || inputs.rope_sin || options.rope_style || inputs.positions_q || inputs.positions_k;
  if (!any) return;
  if (!inputs.rope_cos || !inputs.rope_sin || !options.rope_style) {
    refuse(ErrorCode::INVALID_ARGUMENT, "rope", "cos, sin and style together", "only some of them");
  }
  check("rope", *inputs.rope_cos, {DType::float32}, {{"positions", kAnySize}, {"rotaryDim/2", kAnySize}});
  const auto& cos = inputs.rope_cos->shape;
  check("rope", *inputs.rope_sin, {DType::float32}, {{"positions", cos[0]}, {"rotaryDim/2", cos[1]}});
  if (cos[1] > problem.head_dim / 2) {
    refuse(ErrorCode::SHAPE_MISMATCH, "rope",
           "rotaryDim / 2 of at most " + std::to_string(problem.head_dim / 2), std::to_string(cos[1]));
  }
  if (inputs.positions_q) check_position_shape(*inputs.positions_q, problem, "Lq", problem.query_length);
  if (inputs.positions_k) check_position_shape(*inputs.positions_k, problem, "Lk", problem.key_length);
  if (!problem.ragged()) check_default_positions(inputs, problem.query_length, problem.key_length);
  problem.rope_style = *options.rope_style;
  problem.rotary_pairs = cos[1];
  use(problem, Feature::rope);
}

}  // namespace fa
