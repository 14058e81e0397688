#include "metal/bias_sums.h"

#include <algorithm>

#include "generated/limits.h"
#include "metal/plan_sizes.h"
#include "metal/saturating.h"

namespace fa::metal {

int64_t BiasSums::steps_per_part() const { return ceil_divide(steps, parts); }

int64_t BiasSums::scratch() const {
  return parts == 1 ? 0 : product({parts, elements, static_cast<int64_t>(sizeof(float))});
}

BiasSums bias_sums(const Problem& problem, const MetalVariant& d_bias, int64_t queries, int64_t limit) {
  const auto [batches, heads, rows, keys] = problem.bias_shape;
  const int64_t tile_rows = int64_t{d_bias.rows} * d_bias.simdgroups;
  const int64_t row_tiles = rows == 1 ? 1 : ceil_divide(rows, tile_rows);
  const int64_t tiles = product({batches, heads, row_tiles, ceil_divide(keys, d_bias.block)});
  BiasSums sums;
  sums.elements = product({batches, heads, rows, keys});
  sums.steps = product({batches == 1 ? problem.batch : 1, heads == 1 ? problem.query_heads : 1,
                        rows == 1 ? ceil_divide(queries, tile_rows) : 1});
  if (tiles > 0 && sums.steps > 1) {
    const int64_t bytes = product({sums.elements, static_cast<int64_t>(sizeof(float))});
    const int64_t most = std::min({sums.steps, limit / bytes, kMaxMetalSplits});
    sums.parts = std::clamp<int64_t>(ceil_divide(kBusyThreadgroups, tiles), 1, std::max<int64_t>(most, 1));
  }
  sums.tasks = product({sums.parts, tiles});
  return sums;
}

}  // namespace fa::metal
