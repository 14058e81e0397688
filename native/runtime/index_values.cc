#include "index_values.h"

#include <cstring>

#include "error.h"
#include "sequences.h"

namespace fa {

namespace {

int32_t read_index(const Tensor& tensor, int64_t element) {
  int32_t value = 0;
  std::memcpy(&value, tensor.data + element * static_cast<int64_t>(sizeof value), sizeof value);
  return value;
}

void expect_range(const char* argument, const char* what, int64_t value, int64_t low, int64_t high) {
  if (value >= low && value <= high) return;
  refuse(ErrorCode::INVALID_ARGUMENT, argument,
         std::string(what) + " from " + std::to_string(low) + " to " + std::to_string(high),
         std::to_string(value));
}

/// At most the keys of the batch entry, or of the packed sequence.
void check_lengths(const AttentionInputs& inputs, const Problem& problem) {
  const Tensor& lengths = *inputs.kv_lengths;
  for (int64_t batch = 0; batch < lengths.shape[0]; ++batch) {
    int64_t keys = problem.key_length;
    if (problem.packed())
      keys = int64_t{read_index(*inputs.cu_seqlens_k, batch + 1)} - read_index(*inputs.cu_seqlens_k, batch);
    expect_range("kvLengths", "lengths", read_index(lengths, batch * lengths.strides[0]), 0, keys);
  }
}

void check_starts(const char* argument, const Tensor& starts, int64_t total) {
  const int64_t last = starts.shape[0] - 1;
  if (read_index(starts, 0) != 0) {
    refuse(ErrorCode::INVALID_ARGUMENT, argument, "a first value of 0",
           std::to_string(read_index(starts, 0)));
  }
  for (int64_t index = 1; index <= last; ++index) {
    const int32_t previous = read_index(starts, index - 1);
    if (read_index(starts, index) < previous) {
      refuse(ErrorCode::INVALID_ARGUMENT, argument, "values that never decrease",
             std::to_string(read_index(starts, index)) + " after " + std::to_string(previous));
    }
  }
  if (read_index(starts, last) != total) {
    refuse(ErrorCode::INVALID_ARGUMENT, argument, "a last value of " + std::to_string(total),
           std::to_string(read_index(starts, last)));
  }
}

/// Only the pages that a length reaches are looked at: the rest of a row may be anything.
void check_pages(const AttentionInputs& inputs) {
  const Tensor& table = *inputs.block_table;
  const int64_t pages = inputs.k.shape[0];
  const int64_t page_size = inputs.k.shape[1];
  for (int64_t batch = 0; batch < table.shape[0]; ++batch) {
    const int64_t length = read_index(*inputs.kv_lengths, batch);
    for (int64_t page = 0; page * page_size < length; ++page) {
      expect_range("blockTable", "pages", read_index(table, batch * table.strides[0] + page), 0, pages - 1);
    }
  }
}

void check_positions(const Tensor& positions, int64_t rows) {
  const bool packed = positions.rank == 1;
  const int64_t batches = packed ? 1 : positions.shape[0];
  const int64_t length = positions.shape[packed ? 0 : 1], stride = positions.strides[packed ? 0 : 1];
  for (int64_t batch = 0; batch < batches; ++batch) {
    const int64_t first = packed ? 0 : batch * positions.strides[0];
    for (int64_t index = 0; index < length; ++index) {
      expect_range("rope", "positions", read_index(positions, first + index * stride), 0, rows - 1);
    }
  }
}

}  // namespace

void check_index_values(const AttentionInputs& inputs, const Problem& problem) {
  if (inputs.cu_seqlens_q) check_starts("cuSeqlensQ", *inputs.cu_seqlens_q, inputs.q.shape[0]);
  if (inputs.cu_seqlens_k) check_starts("cuSeqlensK", *inputs.cu_seqlens_k, inputs.k.shape[0]);
  if (inputs.kv_lengths) check_lengths(inputs, problem);
  if (inputs.block_table) check_pages(inputs);
  if (inputs.positions_q) check_positions(*inputs.positions_q, inputs.rope_cos->shape[0]);
  if (inputs.positions_k) check_positions(*inputs.positions_k, inputs.rope_cos->shape[0]);
  if (problem.ragged()) check_sequences(inputs, problem);
}

}  // namespace fa
