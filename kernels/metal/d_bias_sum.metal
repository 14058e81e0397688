// dBias from the parts that d_bias wrote, added in order: the result does not depend on when they were ready.
#include "tile/task.h"

namespace fa {
using namespace metal;

template <typename T, int width, int value_width, typename Tile>
[[kernel]] void d_bias_sum(const device float* from [[buffer(binding::kBiasParts)]],
                           device float* d_bias [[buffer(binding::kDBias)]],
                           constant AttentionParams& p [[buffer(binding::kParams)]],
                           constant BiasParams& b [[buffer(binding::kBiasParams)]],
                           uint group [[threadgroup_position_in_grid]],
                           uint thread_index [[thread_index_in_threadgroup]]) {
  const Int64 element = (Int64(group) + p.first_task) * Tile::kThreads + thread_index;
  if (element >= b.part) return;
  float sum = 0;
  for (int n = 0; n < b.parts; ++n) sum += from[n * b.part + element];

  // Place in dBias
  const int key = int(element % b.keys);
  const Int64 all_rows = element / b.keys;
  const int row = int(all_rows % b.rows), head = int(all_rows / b.rows % b.heads);
  const Int64 batch = all_rows / b.rows / b.heads;
  d_bias[batch * b.to.batch + head * b.to.head + row * b.to.row + key] = sum;
}

}  // namespace fa
