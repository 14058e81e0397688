// RoPE: pairs of columns of a row, turned by the angles of the row's position. Gradients come back through
// the opposite turn.
#pragma once
#include "convert-inl.h"

namespace fa::cpu::FA_TARGET {
namespace {

enum class Turn { forth, back };

template <int kFirst, int... I>
FA_ALWAYS_INLINE Vector every_second(Vector a, Vector b, Indices<I...>) {
  return __builtin_shufflevector(a, b, (2 * I + kFirst)...);
}

/// Angles of one position.
struct Angles {
  const float *cos, *sin;
  float sign;  ///< of the sine
};

/// kLanes pairs from pair c on.
FA_ALWAYS_INLINE void rotate_vectors(const Angles& angles, int c, Vector& x, Vector& y) {
  const Vector cosine = load(angles.cos + c), sine = load(angles.sin + c) * angles.sign;
  const Vector turned = x * cosine - y * sine;
  y = y * cosine + x * sine;
  x = turned;
}

FA_ALWAYS_INLINE void rotate_pair(const Angles& angles, int c, float& x, float& y) {
  const float cosine = angles.cos[c], sine = angles.sin[c] * angles.sign;
  const float turned = x * cosine - y * sine;
  y = y * cosine + x * sine;
  x = turned;
}

/// Pairs (2c, 2c + 1).
FA_ALWAYS_INLINE void rotate_neighbours(const Angles& angles, int pairs, float* row) {
  typedef typename MakeIndices<kLanes>::type All;
  int c = 0;
  for (; c + kLanes <= pairs; c += kLanes) {
    float* to = row + 2 * c;
    const Vector a = load(to), b = load(to + kLanes);
    Vector x = every_second<0>(a, b, All{}), y = every_second<1>(a, b, All{});
    rotate_vectors(angles, c, x, y);
    store(to, interleave_low(x, y, All{}));
    store(to + kLanes, interleave_high(x, y, All{}));
  }
  for (; c < pairs; ++c) rotate_pair(angles, c, row[2 * c], row[2 * c + 1]);
}

/// Pairs (c, c + pairs).
FA_ALWAYS_INLINE void rotate_halves(const Angles& angles, int pairs, float* row) {
  int c = 0;
  for (; c + kLanes <= pairs; c += kLanes) {
    Vector x = load(row + c), y = load(row + pairs + c);
    rotate_vectors(angles, c, x, y);
    store(row + c, x);
    store(row + pairs + c, y);
  }
  for (; c < pairs; ++c) rotate_pair(angles, c, row[c], row[pairs + c]);
}

/// Where the positions of consecutive rows come from.
struct Positions {
  const int32_t* given;  ///< of the first row; null = counted up from `first`
  int64_t first;
};

/// Turns `count` rows in place; columns past the pairs stay as they are.
FA_NOINLINE void rotate_rows(const Rotation& r, const Positions& positions, Turn turn, int count, float* rows,
                             int64_t stride) {
  for (int i = 0; i < count; ++i) {
    const int64_t position = positions.given ? positions.given[i] : positions.first + i;
    const Angles angles{r.cos + position * r.cos_row, r.sin + position * r.sin_row,
                        turn == Turn::forth ? 1.0f : -1.0f};
    if (r.interleaved) {
      rotate_neighbours(angles, r.pairs, rows + i * stride);
    } else {
      rotate_halves(angles, r.pairs, rows + i * stride);
    }
  }
}

/// Of query rows from `row` on.
FA_ALWAYS_INLINE void rotate_queries(const Attention& a, int64_t b, int64_t row, int count, Turn turn,
                                     float* rows, int64_t stride) {
  const Rotation& r = a.rotation;
  const Sequence& s = a.sequences[b];
  const int32_t* given =
      r.positions_q ? r.positions_q + b * r.positions_q_batch + s.first_query + row : nullptr;
  rotate_rows(r, Positions{given, row + s.band.keys - s.queries}, turn, count, rows, stride);
}

/// Of keys from `key` on.
FA_ALWAYS_INLINE void rotate_keys(const Attention& a, int64_t b, int64_t key, int count, Turn turn,
                                  float* rows, int64_t stride) {
  const Rotation& r = a.rotation;
  const int32_t* given =
      r.positions_k ? r.positions_k + b * r.positions_k_batch + a.sequences[b].first_key + key : nullptr;
  rotate_rows(r, Positions{given, key}, turn, count, rows, stride);
}

}  // namespace
}  // namespace fa::cpu::FA_TARGET
