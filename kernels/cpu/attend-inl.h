// Forward of one panel of queries against one block of keys: scores, online softmax and the product with V.
#pragma once
#include "addend-inl.h"
#include "dropout-inl.h"

namespace fa::cpu::FA_TARGET {
namespace {

/// Softmax state of a panel's rows, and its unnormalised output.
struct SoftmaxState {
  float* max;  ///< starts at the lowest finite float, because -inf - -inf would be NaN
  float* sum;
  float* output;  ///< O^T, [value_dim rounded up to kTileRows][kPanelRows]
};

struct ScoreTile {
  const float* keys;  ///< kTileRows rows
  int64_t key_stride;
  const float* queries;  ///< Q^T of the tile's vectors
  int depth;
  const float* next;
  float* scores;
  float* max;
  TileEdge edge;
};

/// S^T = K Q^T for one tile; also raises the running row maximum, straight from the accumulators.
template <int kVectors, Edge kEdge, bool kCapped>
FA_NOINLINE void score_tile(const ScoreTile& t) {
  multiply_tile<kTileRows, kVectors, Broadcast::rows>(
      t.depth, t.keys, t.key_stride, t.queries, kPanelRows, t.next,
      [&](Sums<kTileRows, kVectors>& s) FA_INLINE_LAMBDA {
        FA_FOR (v, kVectors) {
          Vector top[kTileRows];
          FA_FOR (i, kTileRows) {
            top[i] = finish_score<kEdge, kCapped>(s[i][v], t.edge, i, v);
            store(t.scores + i * kPanelRows + v * kLanes, top[i]);
          }
          FA_UNROLL for (int half = kTileRows / 2; half > 0; half /= 2) FA_FOR (i, half) top[i] =
              maximum(top[i], top[i + half]);
          store(t.max + v * kLanes, maximum(load(t.max + v * kLanes), top[0]));
        }
      });
}

template <Edge kEdge, bool kCapped>
FA_ALWAYS_INLINE void score_tile(int vectors, const ScoreTile& t) {
  if (vectors == 1) return score_tile<1, kEdge, kCapped>(t);
  if (vectors == 2) return score_tile<2, kEdge, kCapped>(t);
  score_tile<3, kEdge, kCapped>(t);
}

template <bool kCapped>
FA_ALWAYS_INLINE void score_tile(int vectors, bool whole, const ScoreTile& t) {
  if (t.edge.addend) return score_tile<Edge::addend, kCapped>(vectors, t);
  if (whole) return score_tile<Edge::none, kCapped>(vectors, t);
  score_tile<Edge::band, kCapped>(vectors, t);
}

/// One vector of scores to probabilities in place. With kMark an invisible pair becomes kHiddenProbability
/// instead of +0.
template <bool kMark>
FA_ALWAYS_INLINE Vector exponentiate_vector(float* scores, Vector max, float exponent) {
  const Vector s = load(scores);
  Vector p = exp2((s - max) * exponent);
  if constexpr (kMark) p = select(s == broadcast(-kInfinity), broadcast(kHiddenProbability), p);
  store(scores, p);
  return p;
}

/// Scores of `count` keys, one vector of rows, to probabilities; returns `sum` and theirs. Four sums instead
/// of one round less: an error of the row's sum is one of all columns of the output alike, which the
/// gradients of sinks and slopes add up.
template <bool kMark>
FA_ALWAYS_INLINE Vector exponentiate(float* scores, int count, Vector max, float exponent, Vector sum) {
  Vector part[4] = {};
  int k = 0;
  for (; k + 4 <= count; k += 4) {
    FA_FOR (i, 4) part[i] += exponentiate_vector<kMark>(scores + (k + i) * kPanelRows, max, exponent);
  }
  for (; k < count; ++k) part[0] += exponentiate_vector<kMark>(scores + k * kPanelRows, max, exponent);
  return sum + ((part[0] + part[1]) + (part[2] + part[3]));
}

/// Key block as the steps see it.
struct KeyBlock {
  FloatRows keys, values;
  float* strips;  ///< of the values, rows listed in `special` cleared
  float* tail;    ///< room for kTileRows rows of keys
  int count;
  const int32_t* special;  ///< keys whose value row holds NaN or Inf and that some row may not see
  int special_count;
};

struct PanelStep {
  const float* queries;
  int depth, value_dim;
  ScoreUnits units;
  PanelBand cut;
  const float* addend;  ///< null where nothing is added or hidden beyond the band
  KeepSource keep;      ///< at (row 0 of the panel, key 0 of the block)
  float* scores;        ///< [keys rounded up to kTileRows][kPanelRows]
  float* factor;        ///< [kPanelRows]
  SoftmaxState state;
};

FA_ALWAYS_INLINE void score_panel(const PanelStep& p, const KeyBlock& block) {
  for_each_tile(p.cut, [&](const TilePlace& place) FA_INLINE_LAMBDA {
    const int lane = place.from * kLanes;
    ScoreTile t;
    t.keys = block.keys.data + place.key * block.keys.stride;
    t.key_stride = block.keys.stride;
    t.next = t.keys + kTileRows * block.keys.stride;
    if (place.rows < kTileRows) {
      t.keys = tile_rows_at_end(t.keys, t.key_stride, place.rows, p.depth, block.tail);
      t.key_stride = p.depth;
    }
    t.queries = p.queries + lane;
    t.depth = p.depth;
    t.scores = p.scores + static_cast<int64_t>(place.key) * kPanelRows + lane;
    t.max = p.state.max + lane;
    t.edge = tile_edge(p.cut, place, p.addend, p.units);
    const int vectors = place.to - place.from;
    if (p.units.cap > 0) return score_tile<true>(vectors, place.whole, t);
    score_tile<false>(vectors, place.whole, t);
  });
}

/// Absorbs one key block into the softmax state of one panel.
FA_NOINLINE void attend_panel(const PanelStep& p, const KeyBlock& block) {
  // Scores and new maximum
  const SoftmaxState& state = p.state;
  Vector old_max[kPanelVectors];
  for (int v = 0; v < p.cut.vectors; ++v) old_max[v] = load(state.max + v * kLanes);
  score_panel(p, block);

  // Probabilities, their sum, and what older output is worth under the new maximum
  for (int v = 0; v < p.cut.vectors; ++v) {
    const Vector max = load(state.max + v * kLanes);
    const Vector factor = exp2((old_max[v] - max) * p.units.exponent);
    store(p.factor + v * kLanes, factor);
    float* scores = p.scores + static_cast<int64_t>(p.cut.first[v]) * kPanelRows + v * kLanes;
    const int count = p.cut.last[v] - p.cut.first[v];
    const Vector sum = load(state.sum + v * kLanes) * factor;
    store(state.sum + v * kLanes, block.special_count
                                      ? exponentiate<true>(scores, count, max, p.units.exponent, sum)
                                      : exponentiate<false>(scores, count, max, p.units.exponent, sum));
  }

  if (p.keep.params.threshold) drop_pairs(p.keep, p.cut, p.scores, kPanelRows);

  // Output; the rescaling rides on the first run, which must then cover all vectors
  PanelSum s{block.strips, strip_stride(block.count), p.value_dim, nullptr, kPanelRows, 0, state.output,
             p.factor};
  if (p.cut.first[p.cut.vectors - 1] > p.cut.first[0] || p.cut.last[0] <= p.cut.first[0]) {
    s.rows = p.scores;
    sum_into_panel(p.cut.vectors, s);
    s.factor = nullptr;
  }
  for_each_run(p.cut, [&](int from, int to, int key, int count) FA_INLINE_LAMBDA {
    s.strips = block.strips + key * kTileRows;
    s.rows = p.scores + static_cast<int64_t>(key) * kPanelRows + from * kLanes;
    s.depth = count;
    s.panel = state.output + from * kLanes;
    sum_into_panel(to - from, s);
    s.factor = nullptr;
  });
  const SpecialRows special{block.values, block.special, block.special_count};
  if (special.count)
    add_special_rows(special, p.cut, p.scores, p.scores, kPanelRows, state.output, p.value_dim);
}

}  // namespace
}  // namespace fa::cpu::FA_TARGET
