// Which keys a query row can see, by position alone. Compiled as MSL and as C++.
#pragma once
#include "portable.h"

namespace fa {

/// Stands for "no limit" on one side of a band: far outside any length, far inside int.
FA_CONSTANT int kUnbounded = 1 << 30;

/// Key j is visible to query row i iff  i + lo <= j <= i + hi  and  0 <= j < keys.
/// Causal alignment, window and key length are folded in once, by fold_band:
///   lo = offset - left,  hi = offset + (causal ? min(right, 0) : right),  an unbounded side counting as
///   infinite.
/// So lo <= hi, whatever the options.
struct KeyBand {
  int lo;    ///< -kUnbounded when there is no left limit
  int hi;    ///< kUnbounded when there is no right limit
  int keys;  ///< keys that exist
};

/// What causal, align and window say before the lengths are known. No limit on a side = kFar.
struct BandRule {
  Int64 offset;      ///< of the diagonal, unless it is bottom_right
  int bottom_right;  ///< non-zero: the offset is keys - queries
  int causal;        ///< non-zero: row i sees no key past its diagonal, i + offset
  Int64 left, right;
};

/// Far outside any length; sums of a few of these stay inside 64 bits.
FA_CONSTANT Int64 kFar = Int64(1) << 40;

FA_INLINE Int64 diagonal_offset(BandRule rule, int queries, int keys) {
  return rule.bottom_right ? Int64(keys) - queries : rule.offset;
}

FA_INLINE int clamp_to_band(Int64 position) {
  return position < -kUnbounded ? -kUnbounded : position > kUnbounded ? kUnbounded : int(position);
}

/// The band of `queries` rows and `keys` keys.
FA_INLINE KeyBand fold_band(BandRule rule, int queries, int keys) {
  const Int64 offset = diagonal_offset(rule, queries, keys), right = rule.causal ? 0 : rule.right;
  return KeyBand{clamp_to_band(rule.left == kFar ? -kFar : offset - rule.left),
                 clamp_to_band(right == kFar ? kFar : offset + right), keys};
}

/// Half-open; empty when begin == end.
struct BlockRange {
  int begin;
  int end;
};

/// Key blocks that some row of [row, row + rows) can see.
FA_INLINE BlockRange visible_blocks(KeyBand band, int row, int rows, int block) {
  const int first = fa_max(row + band.lo, 0);
  const int last = fa_min(row + rows - 1 + band.hi, band.keys - 1);
  if (first > last) return BlockRange{0, 0};
  return BlockRange{first / block, last / block + 1};
}

/// Key blocks that every row of [row, row + rows) sees whole: no element mask there.
FA_INLINE BlockRange full_blocks(KeyBand band, int row, int rows, int block) {
  const int first = fa_max(row + rows - 1 + band.lo, 0);
  const int last = fa_min(row + band.hi, band.keys - 1);
  if (first > last) return BlockRange{0, 0};
  const int begin = (first + block - 1) / block;
  const int end = (last + 1) / block;
  return begin < end ? BlockRange{begin, end} : BlockRange{0, 0};
}

/// Query rows of [0, rows) that can see some key of [key, key + count): the loop bounds of dK and dV.
FA_INLINE BlockRange visible_rows(KeyBand band, int key, int count, int rows) {
  const int last_key = fa_min(key + count, band.keys) - 1;
  const int begin = fa_max(key - band.hi, 0);
  const int end = fa_min(last_key - band.lo + 1, rows);
  return key < band.keys && begin < end ? BlockRange{begin, end} : BlockRange{0, 0};
}

/// The band as the keys see it: `row` and `key` change places, and `rows` query rows exist.
FA_INLINE KeyBand transposed(KeyBand band, int rows) { return KeyBand{-band.hi, -band.lo, rows}; }

}  // namespace fa
