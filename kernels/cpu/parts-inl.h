// Rows of 16-bit tensors and panels of float32 as bricks of bfloat16 parts.
#pragma once
#include "amx-inl.h"
#include "band-inl.h"

namespace fa::cpu::FA_TARGET {
namespace {

/// float16 has three bits more than bfloat16: two parts hold it, and all its products, exactly.
template <Element kElement>
constexpr int kPartsOf = kElement == Element::bfloat16 ? 1 : 2;

/// What is multiplied with P and dS, which are float32: two parts hold 15 of their bits, far more than the
/// 16-bit result has.
constexpr int kPanelParts = 2;

/// The upper half of a float: its first part. The rest is exact, and rounded when it is packed.
FA_ALWAYS_INLINE Vector upper_part(Vector x) { return (Vector)((Bits)x & static_cast<int32_t>(0xffff0000)); }

/// 32 bfloat16, of `low` and `high`, rounded to nearest even.
FA_ALWAYS_INLINE __m512i pack_vectors(Vector low, Vector high) {
  return (__m512i)_mm512_cvtne2ps_pbh((__m512)high, (__m512)low);
}

/// The parts of 32 elements.
template <Element kElement>
FA_ALWAYS_INLINE void split_halves(__m512i x, __m512i (&parts)[kPartsOf<kElement>]) {
  if constexpr (kElement == Element::bfloat16) {
    parts[0] = x;
  } else {
    const Vector low = (Vector)_mm512_cvtph_ps(_mm512_castsi512_si256(x));
    const Vector high = (Vector)_mm512_cvtph_ps(_mm512_extracti64x4_epi64(x, 1));
    parts[0] = pack_vectors(upper_part(low), upper_part(high));
    parts[1] = pack_vectors(low - upper_part(low), high - upper_part(high));
  }
}

/// `count` rows of `width` elements, `stride` elements apart.
struct HalfRows {
  const char* data;
  int64_t stride;
  int count, width;

  FA_ALWAYS_INLINE const char* at(int row, int column) const { return data + (row * stride + column) * 2; }
  /// Of 32 elements from `column` on, those that exist. The others count as 0.
  FA_ALWAYS_INLINE __mmask32 mask(int row, int column) const {
    if (row >= count) return 0;
    const int left = width - column;
    return left >= kBrickDepth ? ~__mmask32{0} : (__mmask32{1} << left) - 1;
  }
  /// Whether `rows` rows from `row` on have 32 elements each.
  FA_ALWAYS_INLINE bool whole(int row, int rows, int column) const {
    return row + rows <= count && column + kBrickDepth <= width;
  }
};

/// Swaps the pairs of a brick over its diagonal: a left operand becomes a right one of the transposed matrix,
/// and the other way round.
FA_ALWAYS_INLINE void store_brick(__m512i (&rows)[kBrickRows], bool turned, uint16_t* brick) {
  Vector a[kLanes];
  FA_FOR (i, kLanes) a[i] = (Vector)rows[i];
  if (turned) transpose(a);
  FA_FOR (i, kLanes) store(reinterpret_cast<float*>(brick) + i * kLanes, a[i]);
}

/// Row `row`, 32 elements from `column` on. With kWhole all exist, and those of its neighbours.
template <Element kElement, bool kWhole>
FA_ALWAYS_INLINE void load_parts(const HalfRows& rows, int row, int column,
                                 __m512i (&parts)[kPartsOf<kElement>]) {
  const char* from = rows.at(row, column);
  split_halves<kElement>(
      kWhole ? _mm512_loadu_si512(from) : _mm512_maskz_loadu_epi16(rows.mask(row, column), from), parts);
}

template <Element kElement, bool kTurned, bool kWhole>
FA_ALWAYS_INLINE void pack_row_brick(const HalfRows& rows, int row, int column, uint16_t* bricks) {
  constexpr int kParts = kPartsOf<kElement>;
  __m512i parts[kParts][kBrickRows];
  FA_FOR (i, kBrickRows) {
    __m512i row_parts[kParts];
    load_parts<kElement, kWhole>(rows, row + i, column, row_parts);
    FA_FOR (n, kParts) parts[n][i] = row_parts[n];
  }
  FA_FOR (n, kParts) store_brick(parts[n], kTurned, bricks + n * kBrick);
}

/// Bricks whose depth is the width of the rows: [rows / 16][width / 32][part]. As they are they are left
/// operands, turned they are right operands with the rows as columns.
template <Element kElement, bool kTurned>
FA_NOINLINE void pack_row_bricks(const HalfRows& rows, uint16_t* bricks) {
  for (int row = 0; row < rows.count; row += kBrickRows) {
    for (int column = 0; column < rows.width; column += kBrickDepth, bricks += kPartsOf<kElement> * kBrick) {
      if (rows.whole(row, kBrickRows, column)) {
        pack_row_brick<kElement, kTurned, true>(rows, row, column, bricks);
      } else {
        pack_row_brick<kElement, kTurned, false>(rows, row, column, bricks);
      }
    }
  }
}

typedef uint16_t AllHalves __attribute__((vector_size(64)));

/// Two bricks: columns [column, column + 16) and the 16 after them, if `second`.
template <Element kElement, bool kTurned, bool kWhole>
FA_ALWAYS_INLINE void pack_column_brick_pair(const HalfRows& rows, int row, int column, bool second,
                                             uint16_t* bricks) {
  constexpr int kParts = kPartsOf<kElement>;
  const __m512i low = (__m512i)(AllHalves{0, 32, 1, 33, 2,  34, 3,  35, 4,  36, 5,  37, 6,  38, 7,  39,
                                          8, 40, 9, 41, 10, 42, 11, 43, 12, 44, 13, 45, 14, 46, 15, 47});
  const __m512i high = _mm512_add_epi16(low, _mm512_set1_epi16(16));
  __m512i halves[2][kParts][kBrickRows];
  FA_FOR (i, kBrickRows) {
    __m512i even[kParts], odd[kParts];
    load_parts<kElement, kWhole>(rows, row + 2 * i, column, even);
    load_parts<kElement, kWhole>(rows, row + 2 * i + 1, column, odd);
    FA_FOR (n, kParts) {
      halves[0][n][i] = _mm512_permutex2var_epi16(even[n], low, odd[n]);
      halves[1][n][i] = _mm512_permutex2var_epi16(even[n], high, odd[n]);
    }
  }
  FA_FOR (n, kParts) store_brick(halves[0][n], kTurned, bricks + n * kBrick);
  if (!second) return;
  FA_FOR (n, kParts) store_brick(halves[1][n], kTurned, bricks + (kParts + n) * kBrick);
}

/// Bricks whose depth are the rows: [rows / 32][width / 16][part]. As they are they are right operands with
/// the width as columns, turned they are left operands, with the width as rows.
template <Element kElement, bool kTurned>
FA_NOINLINE void pack_column_bricks(const HalfRows& rows, uint16_t* bricks) {
  for (int row = 0; row < rows.count; row += kBrickDepth) {
    for (int column = 0; column < rows.width; column += kBrickDepth) {
      const bool second = column + kBrickRows < rows.width;
      if (rows.whole(row, kBrickDepth, column)) {
        pack_column_brick_pair<kElement, kTurned, true>(rows, row, column, second, bricks);
      } else {
        pack_column_brick_pair<kElement, kTurned, false>(rows, row, column, second, bricks);
      }
      bricks += (second ? 2 : 1) * kPartsOf<kElement> * kBrick;
    }
  }
}

/// Visits keys in steps of kBrickDepth that the panel sees some of, and the vectors that do: visit(key, rows
/// of bricks, from, to).
template <class Visit>
FA_ALWAYS_INLINE void for_each_brick_row(const PanelBand& cut, Visit&& visit) {
  for (int key = cut.first[0] / kBrickDepth * kBrickDepth; key < cut.last[cut.vectors - 1];
       key += kBrickDepth) {
    int from = 0, to = cut.vectors;
    while (cut.last[from] <= key) ++from;
    while (to > from && cut.first[to - 1] >= key + kBrickDepth) --to;
    const int64_t rows = smaller<int64_t>(2, bricks_of(cut.keys - key, kBrickRows));
    if (from < to) visit(key, rows, from, to);
  }
}

/// A vector of a panel in two parts.
struct Split {
  Vector upper, rest;

  explicit FA_ALWAYS_INLINE Split(Vector x) : upper(upper_part(x)), rest(x - upper_part(x)) {}
};

/// Two neighbours in depth of a panel, as one row of a right operand: each part of 16 columns.
FA_ALWAYS_INLINE void store_right(const Split& even, const Split& odd, uint16_t* bricks) {
  const auto pair = [](Vector a, Vector b) FA_INLINE_LAMBDA {
    return _mm512_mask_blend_epi16(0xaaaaaaaa, _mm512_srli_epi32((__m512i)a, 16), (__m512i)b);
  };
  // Adding half a unit rounds what is cut off.
  const auto rounded = [](Vector x) FA_INLINE_LAMBDA { return (Vector)((Bits)x + 0x8000); };
  _mm512_storeu_si512(bricks, pair(even.upper, odd.upper));
  _mm512_storeu_si512(bricks + kBrick, pair(rounded(even.rest), rounded(odd.rest)));
}

/// Two neighbouring vectors of a panel, as one row of a left operand: each part of 32 elements of depth.
FA_ALWAYS_INLINE void store_left(const Split& low, const Split& high, uint16_t* bricks) {
  _mm512_storeu_si512(bricks, pack_vectors(low.upper, high.upper));
  _mm512_storeu_si512(bricks + kBrick, pack_vectors(low.rest, high.rest));
}

}  // namespace
}  // namespace fa::cpu::FA_TARGET
