// Merges the splits of decode.metal, in the order of the splits: a simdgroup for each row, a lane for every
// 32nd column.
#include "fa/params.h"
#include "tile/softmax.h"
#include "tile/tile.h"

namespace fa {
using namespace metal;

template <typename T, int width, int value_width, typename Tile>
[[kernel]] void decode_reduce(const device float* partial_out [[buffer(binding::kPartialOut)]],
                              const device float* partial_stats [[buffer(binding::kPartialStats)]],
                              device T* out [[buffer(binding::kOut)]],
                              device float* lse [[buffer(binding::kLse), function_constant(writes_lse)]],
                              device float* stats
                              [[buffer(binding::kStats), function_constant(writes_stats)]],
                              const device float* sinks
                              [[buffer(binding::kSinks), function_constant(has_sinks)]],
                              constant AttentionParams& p [[buffer(binding::kParams)]],
                              constant SplitParams& split [[buffer(binding::kSplitParams)]],
                              uint group [[threadgroup_position_in_grid]],
                              ushort simdgroup [[simdgroup_index_in_threadgroup]],
                              ushort lane [[thread_index_in_simdgroup]]) {
  constexpr int kColumns = (value_width + 31) / 32;
  const Int64 rows = Int64(p.batch) * p.query_heads * p.query_length;
  const Int64 row = (Int64(group) + p.first_task) * Tile::kSimdgroups + simdgroup;
  if (row >= rows) return;

  // Find maximum
  float maximum = kLowest;
  for (int s = 0; s < split.splits; ++s) {
    maximum = max(maximum, partial_stats[2 * s * rows + row]);
  }

  // Add splits
  float sum = 0;
  float columns[kColumns] = {};
  for (int s = 0; s < split.splits; ++s) {
    const float split_sum = partial_stats[(2 * s + 1) * rows + row];
    if (split_sum == 0) continue;  // sees no key of this split
    const float weight = exp2_of(partial_stats[2 * s * rows + row] - maximum);
    sum = fma(weight, split_sum, sum);
    const device float* from = partial_out + (s * rows + row) * p.value_dim;
#pragma unroll
    for (int c = 0; c < kColumns; ++c) {
      const int column = c * 32 + int(lane);
      if (column < p.value_dim) columns[c] = fma(weight, from[column], columns[c]);
    }
  }

  // Write row
  const float factor = sum == 0 ? 0 : 1 / sum;
  const int heads = p.query_heads, queries = p.query_length;
  const int head = row / queries % heads;
  device T* to = out + row / queries / heads * p.out.batch + head * p.out.head + row % queries * p.out.row;
#pragma unroll
  for (int c = 0; c < kColumns; ++c) {
    const int column = c * 32 + int(lane);
    if (column < p.value_dim) to[column] = T(columns[c] * factor);
  }
  if (lane != 0) return;
  if (writes_lse) lse[row] = lse_of(maximum, sum, has_sinks ? sinks[head] : -INFINITY);
  if (writes_stats) {
    stats[row] = maximum;
    stats[rows + row] = sum;
  }
}

}  // namespace fa
