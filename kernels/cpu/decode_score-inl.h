// Scores and probabilities where keys lie along the lanes: rows of a block are [row][key].
#pragma once
#include "addend-inl.h"
#include "dropout-inl.h"
#include "stored-inl.h"

namespace fa::cpu::FA_TARGET {
namespace {

/// Scores of the pairs of one query row and one block that the band leaves: keys [first, last) of [0, keys).
struct RowBand {
  int first, last, keys;
};

FA_ALWAYS_INLINE RowBand cut_row(const KeyBand& band, int64_t row, int64_t key, int keys) {
  const int first = clamp(row + band.lo - key, 0, keys);
  return RowBand{first, clamp(row + band.hi - key + 1, first, keys), keys};
}

/// The same keys of one row: mask, bias, ALiBi and band; minus infinity = invisible, also past the last key.
FA_NOINLINE void fill_addend_row(const AddendSource& s, const RowBand& cut, AddendWatch& watch,
                                 float* addend) {
  const Vector floor = broadcast(s.slope == kInfinity ? -kInfinity : kLowest);  // see add_slope
  for (int key = 0; key < kDecodeKeyBlock; key += kLanes) {
    Vector x = broadcast(-kInfinity);
    if (key + kLanes <= cut.keys) {
      x = addend_vector<AddendParts{true, true, true}>(s, 0, key, cut.first, cut.last);
    } else if (key < cut.keys) {
      x = addend_vector_at_end(s, 0, key, cut.first, cut.last, cut.keys);
    }
    const Bits k = lane_index() + key;
    watch.look(x, k < cut.keys);
    if (s.has_slope) {
      const Bits away = s.diagonal - k;
      const Vector distance = __builtin_convertvector(away < 0 ? -away : away, Vector);
      const Bits hidden = x == broadcast(-kInfinity);
      x = select(hidden, broadcast(-kInfinity), maximum(floor, x - distance * s.slope));
    }
    store(addend + key, x);
  }
}

/// A product to a score. With Edge::band the addend only says what is hidden.
template <Edge kEdge, bool kCapped>
FA_ALWAYS_INLINE Vector finish_row_score(Vector product, const TileEdge& edge, int key) {
  Vector score = finish_score<Edge::none, kCapped>(product, edge, 0, 0);
  if constexpr (kEdge == Edge::none) return score;
  const Vector addend = load(edge.addend + key);
  if constexpr (kEdge == Edge::addend) score = maximum(broadcast(kLowest), score * edge.product + addend);
  return select(addend != broadcast(-kInfinity), score, broadcast(-kInfinity));
}

/// kRows query rows against one block of keys.
struct RowTile {
  const StoredRows& keys;
  int count;             ///< of the keys
  const float* queries;  ///< rows of `depth` floats
  int depth;
  float* products;  ///< [row][kDecodeKeyBlock]
  Ahead& ahead;
};

/// Products of kLanes keys with kRows query rows, summed as multiply_tile sums them, to the bit.
template <int kRows>
struct RowSums {
  const float* queries;
  int64_t depth;
  Vector run[kRows] = {}, totals[kRows] = {};

  /// Column d of the keys; `first` that it is the first of a run.
  FA_ALWAYS_INLINE void add(int64_t d, bool first, Vector keys) {
    if (first) {
      FA_FOR (i, kRows) {
        totals[i] += run[i];
        run[i] = Vector{};
      }
    }
    FA_FOR (i, kRows) run[i] += broadcast(queries[i * depth + d]) * keys;
  }
};

/// Keys are transposed in registers on the way: a vector then holds one column of kLanes keys.
template <Stored kStored, int kRows>
FA_ALWAYS_INLINE void multiply_keys(const RowTile& t, int first, Ahead& ahead, RowSums<kRows>& sums) {
  constexpr int kElements = static_cast<int>(4 / size_of(kStored)), kColumns = kElements * kLanes;
  const char* const* row = t.keys.row + first;
  const Vector scale = kStored == Stored::int8 ? load(t.keys.scale + first) : Vector{};
  int64_t d = 0;
  for (; d + kColumns <= t.depth; d += kColumns) {
    Vector words[kLanes];
    load_columns(row, d * size_of(kStored), words);
    ahead.fetch<kLanes * kLanes / 16>();
    FA_FOR (i, kLanes) {
      FA_FOR (n, kElements) {
        const int c = i * kElements + n;
        sums.add(d + c, c % kRun == 0 && (d + c) % kRun == 0, element_of<kStored>((Bits)words[i], n, scale));
      }
    }
  }
  if (d == t.depth) return;
  // The last columns, together with some before them, so that nothing is read past the row.
  const int64_t from = larger<int64_t>(0, t.depth - kColumns);
  Vector words[kLanes];
  load_columns(row, from * size_of(kStored), words);
  Vector columns[kColumns];
  FA_FOR (i, kLanes)
    FA_FOR (n, kElements) columns[i * kElements + n] = element_of<kStored>((Bits)words[i], n, scale);
  for (; d < t.depth; ++d) sums.add(d, d % kRun == 0, columns[d - from]);
}

template <Stored kStored, int kRows>
FA_NOINLINE void multiply_rows(const RowTile& t) {
  Ahead ahead = t.ahead;
  for (int first = 0; first < t.count; first += kLanes) {
    RowSums<kRows> sums{t.queries, t.depth};
    multiply_keys<kStored, kRows>(t, first, ahead, sums);
    FA_FOR (i, kRows) store(t.products + i * kDecodeKeyBlock + first, sums.totals[i] + sums.run[i]);
  }
  t.ahead = ahead;
}

/// Products of `count` keys and one query row to scores, in place; `edge.addend` is the row's.
template <Edge kEdge, bool kCapped>
FA_NOINLINE void finish_row_scores(const TileEdge& edge, int count, float* scores) {
  for (int key = 0; key < count; key += kLanes)
    store(scores + key, finish_row_score<kEdge, kCapped>(load(scores + key), edge, key));
}

FA_ALWAYS_INLINE void finish_row_scores(Edge kind, const TileEdge& edge, int count, float* scores) {
  if (edge.cap > 0) {
    if (kind == Edge::none) return finish_row_scores<Edge::none, true>(edge, count, scores);
    if (kind == Edge::band) return finish_row_scores<Edge::band, true>(edge, count, scores);
    return finish_row_scores<Edge::addend, true>(edge, count, scores);
  }
  if (kind == Edge::none) return;
  if (kind == Edge::band) return finish_row_scores<Edge::band, false>(edge, count, scores);
  finish_row_scores<Edge::addend, false>(edge, count, scores);
}

FA_ALWAYS_INLINE float largest_lane(Vector x) {
  float most = x[0];
  FA_UNROLL for (int i = 1; i < kLanes; ++i) most = x[i] > most ? x[i] : most;
  return most;
}

/// In pairs, as a tree.
FA_ALWAYS_INLINE float sum_of_lanes(Vector x) {
  float part[kLanes];
  store(part, x);
  for (int n = kLanes / 2; n > 0; n /= 2)
    for (int i = 0; i < n; ++i) part[i] += part[i + n];
  return part[0];
}

/// Scores of `keys` keys to probabilities, in place, and 0 past them. `sum` holds a sum for each lane.
/// Returns what older output is worth under the new maximum.
FA_NOINLINE float exponentiate_row(int keys, float exponent, float* scores, float& max, float* sum) {
  const int whole = static_cast<int>(round_up(keys, kLanes));
  for (int k = keys; k < whole; ++k) scores[k] = -kInfinity;
  Vector most = broadcast(max);
  for (int k = 0; k < whole; k += kLanes) most = maximum(most, load(scores + k));
  const float old = max;
  max = largest_lane(most);
  const Vector new_max = broadcast(max), factor = exp2((broadcast(old) - new_max) * exponent);
  Vector total{};
  for (int k = 0; k < whole; k += kLanes) {
    const Vector p = exp2((load(scores + k) - new_max) * exponent);
    store(scores + k, p);
    total += p;
  }
  store(sum, load(sum) * factor + total);
  return factor[0];
}

/// Multiplies the probabilities of one row by their factors: 0 or 1 / (1 - rate).
FA_NOINLINE void drop_row(const KeepSource& s, int keys, float* probabilities) {
  const Vector kept = broadcast(s.params.keep_factor);
  for (int key = 0; key < keys; key += 4 * kLanes) {
    UnsignedBits words[4];
    philox_quads(s, (s.key + static_cast<uint32_t>(key)) / 4, words);
    float factors[4][kLanes];
    FA_FOR (n, 4) store(factors[n], select((Bits)(words[n] >= s.params.threshold), kept, Vector{}));
    for (int i = 0; i < smaller(4 * kLanes, keys - key); ++i) probabilities[key + i] *= factors[i % 4][i / 4];
  }
}

}  // namespace
}  // namespace fa::cpu::FA_TARGET
