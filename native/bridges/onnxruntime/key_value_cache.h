// The cache of a GroupQueryAttention node: past keys and values, and the new ones behind them.
#pragma once
#include <cstdint>
#include <vector>

#include "tensor.h"

namespace fa::ort {

/// Turns pairs of a row by the angles of its position.
struct RotaryTables {
  const float *cos, *sin;  ///< [positions, pairs]
  int64_t positions, pairs;
  bool interleaved;
};

/// Rotates `row` in place. @throws Error INVALID_ARGUMENT for a position that the tables do not have
void rotate_row(const RotaryTables& tables, int64_t position, float* row);

/// Where new rows go: those of batch entry b to first[b] and on.
struct CacheRows {
  std::vector<int32_t> first;
  int64_t count;  ///< new rows of each entry
};

/// Fills `present` [B, H, capacity, D]: rows before first[b] from `past` (of the same form; none where it has
/// no data), then the new rows [B, H, count, D], zeros behind them. Past and present may be the same memory.
void append_rows(const Tensor& past, const Tensor& added, const CacheRows& rows, const Tensor& present);

}  // namespace fa::ort
