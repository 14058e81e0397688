// Which pairs dropout keeps. A pair's random word is one of four that Philox makes at a time, for keys 4n to
// 4n + 3 of a row; the lanes that need them share the work.
#pragma once
#include "constants.h"
#include "fa/params.h"
#include "fragment.h"

namespace fa {
using namespace metal;

/// What sums over kept pairs are multiplied by in the end.
METAL_FUNC float keep_factor_of(constant AttentionParams& p) {
  return has_dropout ? p.dropout.keep_factor : 1.0f;
}

/// Of one query head. Rows and keys are counted inside the sequence.
struct Dropout {
  constant DropoutParams* params;
  uint head;
  uint sequence;

  METAL_FUNC Dropout(constant AttentionParams& p, int batch, int query_head)
      : params(&p.dropout), head(uint(query_head)), sequence(uint(batch)) {}

  /// A bit for each of keys [4 * quad, 4 * quad + 4).
  METAL_FUNC uint kept_of_quad(int row, int quad) const {
    const PhiloxWords words =
        philox_words(params->seed_low, params->seed_high, uint(quad), uint(row), head, sequence);
    uint kept = 0;
#pragma unroll
    for (int n = 0; n < 4; ++n) kept |= uint(words.word[n] >= params->threshold) << n;
    return kept;
  }

  METAL_FUNC bool keeps(int row, int key) const { return (kept_of_quad(row, key / 4) >> key % 4 & 1) != 0; }

  /// For a lane's row of `count` fragments of keys from `first_key` on, a multiple of four: bit 2n + e says
  /// whether element e of fragment n is kept. By all lanes of the simdgroup; the lanes of a row agree in it.
  template <int count>
  METAL_FUNC uint kept_keys(int row, int first_key, thread const Lane& lane) const {
    // Two lanes share a quad: one takes that of every other fragment.
    const int upper = lane.column / 2 % 2, first_quad = first_key / 4 + lane.column / 4;
    uint own = 0;
#pragma unroll
    for (int n = 0; n < count; n += 2) own |= kept_of_quad(row, first_quad + 2 * (n + upper)) << 2 * n;
    const uint other = simd_shuffle_xor(own, 1);
    const uint even = (upper == 0 ? own : other) >> 2 * upper, odd = (upper == 0 ? other : own) >> 2 * upper;
    uint kept = 0;
#pragma unroll
    for (int n = 0; n < count; ++n) kept |= ((n % 2 == 0 ? even : odd) >> 4 * (n / 2) & 3) << 2 * n;
    return kept;
  }

  /// The transposed case: a lane has one key, and query rows from `first_row` on along the columns. `key` is
  /// the lane's, and that of lane row 0 a multiple of four.
  template <int count>
  METAL_FUNC uint kept_rows(int first_row, int key, thread const Lane& lane) const {
    uint own = 0;
#pragma unroll
    for (int turn = 0; turn < shared_turns(count); ++turn) {
      const int element = shared_element(turn, lane);
      own |= kept_of_quad(first_row + element / 2 * 8 + lane.column + element % 2, key / 4) << 4 * turn;
    }
    return deal_out<count>(own, lane);
  }

  // Four lanes have the same rows, and keys of the same quad. In each turn a lane asks for the row of one of
  // their elements, and in the end each takes its own key's bits.

  static METAL_FUNC constexpr int shared_turns(int count) { return (2 * count + 3) / 4; }
  /// Element 2n + e that the lane asks for; its row is in column lane.column + e of fragment n.
  static METAL_FUNC int shared_element(int turn, thread const Lane& lane) { return 4 * turn + lane.row % 4; }
  /// `own` has the quad of turn t from bit 4t on.
  template <int count>
  static METAL_FUNC uint deal_out(uint own, thread const Lane& lane) {
    const int key = lane.row % 4;
    uint kept = 0;
#pragma unroll
    for (int d = 0; d < 4; ++d) {
      const uint asked = simd_shuffle_xor(own, ushort(2 * d)) >> key;
#pragma unroll
      for (int turn = 0; turn < shared_turns(count); ++turn)
        kept |= (asked >> 4 * turn & 1) << (4 * turn + (key ^ d));
    }
    return kept;
  }
};

/// Bit 2n + e of what the functions above return.
METAL_FUNC bool is_kept(uint kept, int n, int e) { return (kept >> (2 * n + e) & 1) != 0; }

}  // namespace fa
