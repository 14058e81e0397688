#include "sequences.h"

#include <algorithm>
#include <cstring>

#include "check_tensor.h"
#include "problem_checks.h"

namespace fa {

namespace {

/// Element of a vector of int32, or `otherwise` where there is none.
int read_int(const std::optional<Tensor>& tensor, int64_t index, int64_t otherwise) {
  if (!tensor || tensor->data == nullptr) return static_cast<int>(otherwise);
  int32_t value = 0;
  std::memcpy(&value, tensor->data + index * tensor->strides[0] * static_cast<int64_t>(sizeof value),
              sizeof value);
  return value;
}

/// [1|B, 1|Hq, 1|Lq, Lk] of the longest sequences.
void check_score_lengths(const char* argument, const std::optional<Tensor>& tensor, const Problem& problem,
                         int64_t queries, int64_t keys) {
  if (!tensor) return;
  expect_shape(argument, *tensor,
               {{"B", problem.batch, true},
                {"Hq", problem.query_heads, true},
                {"longest Lq", queries, true},
                {"longest Lk", keys}});
}

}  // namespace

std::vector<Sequence> sequences_of(const Problem& problem, const AttentionInputs& inputs) {
  std::vector<Sequence> sequences(static_cast<size_t>(problem.batch));
  for (int64_t b = 0; b < problem.batch; ++b) {
    Sequence& sequence = sequences[static_cast<size_t>(b)];
    sequence.queries = static_cast<int>(problem.query_length);
    sequence.stored_keys = static_cast<int>(problem.key_length);
    if (problem.packed()) {
      sequence.first_query = read_int(inputs.cu_seqlens_q, b, 0);
      sequence.first_key = read_int(inputs.cu_seqlens_k, b, 0);
      sequence.queries = read_int(inputs.cu_seqlens_q, b + 1, problem.query_length) - sequence.first_query;
      sequence.stored_keys = read_int(inputs.cu_seqlens_k, b + 1, problem.key_length) - sequence.first_key;
    }
    const int keys = read_int(inputs.kv_lengths, b, sequence.stored_keys);
    sequence.offset = clamp_to_band(diagonal_offset(problem.rule, sequence.queries, keys));
    sequence.band = fold_band(problem.rule, sequence.queries, keys);
  }
  return sequences;
}

void check_sequences(const AttentionInputs& inputs, const Problem& problem) {
  int64_t queries = 0, keys = 0;
  for (const Sequence& sequence : sequences_of(problem, inputs)) {
    check_alignment(problem, sequence.queries, sequence.band.keys);
    check_default_positions(inputs, sequence.queries, sequence.band.keys);
    queries = std::max<int64_t>(queries, sequence.queries);
    keys = std::max<int64_t>(keys, sequence.stored_keys);
  }
  if (!problem.packed()) return;
  check_score_lengths("mask", inputs.mask, problem, queries, keys);
  check_score_lengths("bias", inputs.bias, problem, queries, keys);
}

}  // namespace fa
