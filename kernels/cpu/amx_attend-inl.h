// Forward of one panel of 16-bit queries against one block of keys, with products of bricks.
#pragma once
#include "attend-inl.h"
#include "parts-inl.h"

namespace fa::cpu::FA_TARGET {
namespace {

/// Key block as bricks, 0 where there is no key.
struct BrickKeys {
  uint16_t* keys;          ///< left, [key / 16][depth]
  uint16_t* values;        ///< left of the transposed, [key / 32][value column / 16]
  int64_t depth, columns;  ///< bricks along head_dim and value_dim
};

struct BrickStep {
  PanelBand cut;
  const uint16_t* queries;  ///< right, [vector][depth]
  ScoreUnits units;
  const float* addend;  ///< null where nothing is added or hidden beyond the band
  KeepSource keep;
  float* scores;            ///< [keys rounded up to kBrickDepth][kPanelRows]
  uint16_t* probabilities;  ///< right, [key / 32][vector]
  SoftmaxState state;       ///< columns of the output rounded up to kBrickRows
};

/// From products to scores of a tile that lies in memory.
template <Edge kEdge, bool kCapped>
FA_NOINLINE void finish_stored_scores(const TilePlace& place, const TileEdge& edge, float* scores) {
  for (int v = 0; v < place.to - place.from; ++v) {
    FA_FOR (i, kTileRows) {
      float* at = scores + i * kPanelRows + v * kLanes;
      store(at, finish_score<kEdge, kCapped>(load(at), edge, i, v));
    }
  }
}

template <bool kCapped>
FA_ALWAYS_INLINE void finish_panel_scores(const BrickStep& p) {
  for_each_tile(p.cut, [&](const TilePlace& place) FA_INLINE_LAMBDA {
    if (!kCapped && !p.addend && place.whole) return;
    const TileEdge edge = tile_edge(p.cut, place, p.addend, p.units);
    float* at = p.scores + place.key * kPanelRows + place.from * kLanes;
    if (p.addend) return finish_stored_scores<Edge::addend, kCapped>(place, edge, at);
    if (place.whole) return finish_stored_scores<Edge::none, kCapped>(place, edge, at);
    finish_stored_scores<Edge::band, kCapped>(place, edge, at);
  });
}

/// S^T = K Q^T of a panel, and the running maximum of its rows.
template <int kParts>
FA_NOINLINE void score_panel(const BrickStep& p, const BrickKeys& k) {
  const int64_t step = kParts * kBrick;
  for_each_brick_row(p.cut, [&](int key, int64_t rows, int from, int to) FA_INLINE_LAMBDA {
    const Bricks keys{k.keys + key / kBrickRows * k.depth * step, k.depth * step, step};
    const Bricks queries{p.queries + from * k.depth * step, k.depth * step, step};
    const TileSums sums{p.scores + key * kPanelRows + from * kLanes, kPanelRows};
    multiply_matrices<kParts, kParts>(keys, rows, queries, to - from, k.depth, sums, false);
  });
  const bool whole =
      p.cut.keys % kTileRows == 0 && band_covers(p.cut, 0, p.cut.vectors * kLanes, 0, p.cut.keys);
  if (p.units.cap > 0) {
    finish_panel_scores<true>(p);
  } else if (p.addend || !whole) {
    finish_panel_scores<false>(p);
  }
  for (int v = 0; v < p.cut.vectors; ++v) {
    Vector top[4];
    FA_FOR (i, 4) top[i] = load(p.state.max + v * kLanes);
    const float* scores = p.scores + v * kLanes;
    int key = p.cut.first[v];
    for (; key + 4 <= p.cut.last[v]; key += 4)
      FA_FOR (i, 4) top[i] = maximum(top[i], load(scores + (key + i) * kPanelRows));
    for (; key < p.cut.last[v]; ++key) top[0] = maximum(top[0], load(scores + key * kPanelRows));
    store(p.state.max + v * kLanes, maximum(maximum(top[0], top[1]), maximum(top[2], top[3])));
  }
}

/// What one vector of rows makes of its scores.
struct Exponents {
  const float* scores;  ///< of the vector's first row, key 0
  Vector max;
  float factor;
  int first, last;  ///< keys that it sees

  FA_ALWAYS_INLINE Vector probability(int key) const {
    if (key < first || key >= last) return Vector{};
    return exp2((load(scores + key * kPanelRows) - max) * factor);
  }
  /// Without the look at the band.
  FA_ALWAYS_INLINE Vector inner_probability(int key) const {
    return exp2((load(scores + key * kPanelRows) - max) * factor);
  }
};

/// A row of the bricks of probabilities.
FA_ALWAYS_INLINE uint16_t* pair_row(uint16_t* bricks, int key) {
  return bricks + key / kBrickDepth * (kPanelVectors * kPanelParts * kBrick) + key % kBrickDepth / 2 * 32;
}

/// Keys [begin, end) of one vector of rows, whole steps of depth: probabilities, as bricks. Returns their
/// sum.
FA_NOINLINE Vector exponentiate_bricks(const Exponents& e, int begin, int end, uint16_t* bricks) {
  Vector sums[4] = {};
  for (int key = begin; key < end; key += 4) {
    Vector p[4];
    if (key >= e.first && key + 4 <= e.last) {
      FA_FOR (i, 4) p[i] = e.inner_probability(key + i);
    } else {
      FA_FOR (i, 4) p[i] = e.probability(key + i);
    }
    FA_FOR (i, 4) sums[i] += p[i];
    store_right(Split(p[0]), Split(p[1]), pair_row(bricks, key));
    store_right(Split(p[2]), Split(p[3]), pair_row(bricks, key) + 32);
  }
  return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

/// The same for probabilities that are finished.
FA_NOINLINE void pack_probabilities(const Exponents& e, int begin, int end, uint16_t* bricks) {
  for (int key = begin; key < end; key += 2) {
    Vector p[2];
    FA_FOR (i, 2) {
      const bool seen = key + i >= e.first && key + i < e.last;
      p[i] = seen ? load(e.scores + (key + i) * kPanelRows) : Vector{};
    }
    store_right(Split(p[0]), Split(p[1]), pair_row(bricks, key));
  }
}

/// Multiplies a vector of rows of the output, if that changes anything.
FA_ALWAYS_INLINE void rescale_output(float* output, int64_t columns, Vector factor) {
  if (!any(factor != broadcast(1.0f))) return;
  for (int64_t d = 0; d < columns; ++d)
    store(output + d * kPanelRows, load(output + d * kPanelRows) * factor);
}

/// Absorbs one key block into the softmax state of one panel.
template <int kParts>
FA_NOINLINE void attend_panel(const BrickStep& p, const BrickKeys& k) {
  const SoftmaxState& state = p.state;
  Vector old_max[kPanelVectors];
  for (int v = 0; v < p.cut.vectors; ++v) old_max[v] = load(state.max + v * kLanes);
  score_panel<kParts>(p, k);
  const int begin = p.cut.first[0] / kBrickDepth * kBrickDepth;
  const int end = static_cast<int>(round_up(p.cut.last[p.cut.vectors - 1], kBrickDepth));
  uint16_t* bricks = p.probabilities;
  const bool drops = p.keep.params.threshold != 0;
  for (int v = 0; v < p.cut.vectors; ++v) {
    float* scores = p.scores + v * kLanes;
    const Exponents e{scores, load(state.max + v * kLanes), p.units.exponent, p.cut.first[v], p.cut.last[v]};
    const Vector factor = exp2((old_max[v] - e.max) * p.units.exponent);
    const Vector sum = load(state.sum + v * kLanes) * factor;
    rescale_output(state.output + v * kLanes, k.columns * kBrickRows, factor);
    if (drops) {
      store(state.sum + v * kLanes, exponentiate<false>(scores + e.first * kPanelRows, e.last - e.first,
                                                        e.max, p.units.exponent, sum));
    } else {
      store(state.sum + v * kLanes,
            sum + exponentiate_bricks(e, begin, end, bricks + v * kPanelParts * kBrick));
    }
  }
  if (drops) {
    drop_pairs(p.keep, p.cut, p.scores, kPanelRows);
    for (int v = 0; v < p.cut.vectors; ++v)
      pack_probabilities(Exponents{p.scores + v * kLanes, {}, 0, p.cut.first[v], p.cut.last[v]}, begin, end,
                         bricks + v * kPanelParts * kBrick);
  }
  const int64_t step = kParts * kBrick;
  const Bricks values{k.values + begin / kBrickDepth * k.columns * step, step, k.columns * step};
  const Bricks weights{bricks + begin / kBrickDepth * (kPanelVectors * kPanelParts * kBrick),
                       kPanelParts * kBrick, kPanelVectors * kPanelParts * kBrick};
  multiply_matrices<kParts, kPanelParts>(values, k.columns, weights, p.cut.vectors,
                                         (end - begin) / kBrickDepth, TileSums{state.output, kPanelRows},
                                         true);
}

}  // namespace
}  // namespace fa::cpu::FA_TARGET
