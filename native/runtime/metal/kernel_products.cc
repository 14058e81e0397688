#include "metal/kernel_products.h"

#include <algorithm>

#include "metal/saturating.h"

namespace fa::metal {

namespace {

constexpr double kProductSize = 8 * 8 * 8;
constexpr int kMostTiles = 1 << 16;
constexpr int kWritesDv = 1, kWritesDk = 2;

/// Some kernels take so many columns together (kernels/metal/tile/packed_rows.h).
constexpr int kGroupColumns = 16;
constexpr int whole_groups(int width) { return (width + kGroupColumns - 1) / kGroupColumns * kGroupColumns; }

int count_of(BlockRange range) { return range.end - range.begin; }

/// Blocks that tiles of `rows` of `length` rows meet, summed over the tiles. Of very many tiles every n-th is
/// looked at.
double blocks_met(KeyBand band, int length, int rows, int block) {
  const int tiles = static_cast<int>(ceil_divide(length, rows));
  const int step = std::max(1, tiles / kMostTiles);
  double met = 0;
  for (int tile = 0; tile < tiles; tile += step) {
    const int first = tile * rows, count = std::min(rows, length - first);
    met += std::min(step, tiles - tile) *
           static_cast<double>(count_of(visible_blocks(band, first, count, block)));
  }
  return met;
}

/// Blocks that some row sees.
BlockRange blocks_seen(const Sequence& of, int block) {
  return of.queries > 0 ? visible_blocks(of.band, 0, of.queries, block) : BlockRange{0, 0};
}

int keys_in(BlockRange range, const Sequence& of, int block) {
  return std::max(std::min(range.end * block, of.band.keys) - range.begin * block, 0);
}

bool same(const Sequence& a, const Sequence& b) {
  return a.queries == b.queries && a.stored_keys == b.stored_keys && a.band.lo == b.band.lo &&
         a.band.hi == b.band.hi && a.band.keys == b.band.keys;
}

/// Of the rows that a threadgroup's simdgroups share in threadgroup memory, each with rows of its own.
double staged_columns_of(const MetalVariant& variant) {
  switch (variant.kernel) {
    case MetalKernel::forward:
    case MetalKernel::dq:
    case MetalKernel::dkv:
      return variant.width + variant.value_width;
    case MetalKernel::dqStored:
      return variant.width;
    default:
      return 0;
  }
}

/// Columns that a pair is multiplied with, in all products of a kernel.
double columns_of(const MetalVariant& variant) {
  const int width = variant.width, value_width = variant.value_width;
  switch (variant.kernel) {
    case MetalKernel::forward:
    case MetalKernel::dBias:
      return width + value_width;
    case MetalKernel::decode:
      return width + whole_groups(value_width);
    case MetalKernel::dq:
      return 2 * width + value_width;
    case MetalKernel::dkv: {
      // S always, dP only for dS.
      const int for_dv = (variant.pass & kWritesDv) != 0 ? value_width : 0;
      return width + for_dv + ((variant.pass & kWritesDk) != 0 ? width + value_width : 0);
    }
    case MetalKernel::shortDkv:
      return width + value_width + whole_groups(width) + whole_groups(value_width);
    case MetalKernel::dqStored:
      return width;
    case MetalKernel::shortDq:
      return whole_groups(width);
    default:
      return 0;
  }
}

}  // namespace

ProductCounter::ProductCounter(const Problem& problem, std::vector<Sequence> sequences) : problem_(problem) {
  for (const Sequence& sequence : sequences) {
    const auto known = std::find_if(kinds_.begin(), kinds_.end(),
                                    [&](const Kind& kind) { return same(kind.sequence, sequence); });
    if (known != kinds_.end()) {
      known->count += 1;
    } else {
      kinds_.push_back({sequence, 1});
    }
  }
}

template <typename Count>
double ProductCounter::sum(Count count) const {
  double total = 0;
  for (const Kind& kind : kinds_) total += kind.count * static_cast<double>(count(kind.sequence));
  return total;
}

KernelProducts ProductCounter::of(const MetalVariant& variant, double threadgroups) const {
  // The diagonal of dOut out^T, fragment by fragment.
  if (variant.kernel == MetalKernel::delta)
    return {threadgroups * variant.simdgroups * variant.value_width / 8, 0};
  const double pairs = pairs_of(variant, variant.rows);
  const int group_rows = variant.rows * variant.simdgroups;
  const double staged_columns = staged_columns_of(variant);
  const double more = staged_columns == 0 ? 0 : pairs_of(variant, group_rows) - pairs;
  return {pairs * columns_of(variant) / kProductSize, pairs, more / group_rows * staged_columns};
}

/// Were `rows` the own rows of a simdgroup.
double ProductCounter::pairs_of(const MetalVariant& variant, int rows) const {
  const int block = variant.block;
  const double heads = problem_.query_heads, kv_heads = problem_.kv_heads;
  const int64_t group = problem_.query_heads / problem_.kv_heads;
  const auto chunks = [&](const Sequence& of, int of_rows) {
    return static_cast<double>(ceil_divide(group * of.queries, of_rows) * of_rows);
  };
  switch (variant.kernel) {
    case MetalKernel::forward:
    case MetalKernel::dq:
    case MetalKernel::dBias:
      return heads * rows * block *
             sum([&](const Sequence& of) { return blocks_met(of.band, of.queries, rows, block); });
    case MetalKernel::dkv:
      return heads * rows * block * sum([&](const Sequence& of) {
               return blocks_met(transposed(of.band, of.queries), of.band.keys, rows, block);
             });
    case MetalKernel::dqStored:
      return heads * rows * 8 *
             sum([&](const Sequence& of) { return blocks_met(of.band, of.queries, rows, 8); });
    case MetalKernel::decode:
      return kv_heads * block *
             sum([&](const Sequence& of) { return chunks(of, rows) * count_of(blocks_seen(of, block)); });
    case MetalKernel::shortDkv:
    case MetalKernel::shortDq:
      return kv_heads * 8 *
             sum([&](const Sequence& of) { return chunks(of, 8) * count_of(blocks_seen(of, 8)); });
    default:
      return 0;
  }
}

double ProductCounter::seen_keys(int block) const {
  const double stored = sum([](const Sequence& of) { return of.stored_keys; });
  const auto seen = [&](const Sequence& of) { return keys_in(blocks_seen(of, block), of, block); };
  return stored == 0 ? 0 : sum(seen) / stored;
}

double ProductCounter::seen_pairs() const {
  const double all = sum([](const Sequence& of) { return static_cast<double>(of.queries) * of.stored_keys; });
  return all == 0 ? 0 : sum([](const Sequence& of) { return blocks_met(of.band, of.queries, 1, 1); }) / all;
}

}  // namespace fa::metal
