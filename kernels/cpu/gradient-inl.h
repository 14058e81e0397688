// Backward of one block: probabilities and score gradients of a query block x key block, and the three
// products with them.
#pragma once
#include "addend-inl.h"

namespace fa::cpu::FA_TARGET {
namespace {

// ---- P and dS ----

/// What softcap, dropout and the gradient of ALiBi's slopes need of the pairs of a panel. Panels are
/// [key][kPanelRows].
struct PairOptions {
  const float* keep;   ///< 0 or 1 / (1 - rate); null without dropout
  float* derivatives;  ///< scratch for the derivative of the score by the product, null without softcap; in
                       ///< the end dS by what was added to the score, which softcap lies before
  float* slopes;       ///< [row] sum over keys of dS * distance; null if nobody wants it
  int diagonal;        ///< i + offset - j of the panel's first row and the block's first key

  FA_ALWAYS_INLINE bool any() const { return keep || derivatives || slopes; }
  /// The same from lane `lane` and key `key` on.
  FA_ALWAYS_INLINE PairOptions at(int lane, int key) const {
    PairOptions o = *this;
    const int64_t place = static_cast<int64_t>(key) * kPanelRows + lane;
    if (keep) o.keep += place;
    if (derivatives) o.derivatives += place;
    if (slopes) o.slopes += lane;
    o.diagonal += lane - key;
    return o;
  }
};

struct GradientTile {
  const float* rows;  ///< kTileRows of K or V
  int64_t row_stride;
  int depth;
  const float* panel;  ///< Q^T or dO^T, at the tile's first vector
  const float* next;   ///< rows of the next tile
  const float *max, *inverse_sum;
  const float* delta;  ///< dO . O - dLse
  float *probabilities, *d_scores;
  int64_t stride;
  float exponent;
  TileEdge edge;
  PairOptions options;
};

/// Row i, vector v of the scores; with a softcap also their derivatives by the products, for later.
template <Edge kEdge, bool kOptions>
FA_ALWAYS_INLINE Vector tile_score(Vector product, const GradientTile& t, int i, int v) {
  if constexpr (kOptions) {
    if (t.options.derivatives) {
      Vector derivative;
      const Vector score = finish_score<kEdge, true>(product, t.edge, i, v, &derivative);
      store(t.options.derivatives + i * kPanelRows + v * kLanes, derivative);
      return score;
    }
  }
  return finish_score<kEdge, false>(product, t.edge, i, v);
}

/// dS of row i, vector v from `product` = V dO^T; replaces P by what dropout leaves of it.
template <Edge kEdge>
FA_ALWAYS_INLINE Vector d_score_with_options(Vector product, Vector delta, const GradientTile& t, int i,
                                             int v) {
  const PairOptions& o = t.options;
  const int place = i * kPanelRows + v * kLanes;
  float* probability = t.probabilities + i * t.stride + v * kLanes;
  const Vector p = load(probability);
  if (o.keep) {
    const Vector keep = load(o.keep + place);
    product *= keep;
    store(probability, select(is_hidden(p), p, p * keep));  // hidden pairs may have no factor
  }
  Vector d = (product - delta) * p;
  if constexpr (kEdge != Edge::none) d = select(is_hidden(p), Vector{}, d);
  if (o.slopes) {
    const Bits away = lane_index() + (o.diagonal + v * kLanes - i);
    const Vector distance = __builtin_convertvector(away < 0 ? -away : away, Vector);
    store(o.slopes + v * kLanes, load(o.slopes + v * kLanes) + d * distance);
  }
  if (o.derivatives) {
    const Vector derivative = load(o.derivatives + place);
    store(o.derivatives + place, d);
    d *= derivative;
    if constexpr (kEdge != Edge::none) d = select(is_hidden(p), Vector{}, d);
  }
  return d;
}

/// P^T = 2^((K Q^T - max) * exponent) / sum from the products K Q^T. The scores have the forward's bits (same
/// products, same order), so score - max is an exact 0 at the row maximum.
template <int kVectors, Edge kEdge, bool kOptions>
FA_ALWAYS_INLINE void finish_probabilities(Sums<kTileRows, kVectors>& s, const GradientTile& t) {
  FA_FOR (v, kVectors) {
    const Vector max = load(t.max + v * kLanes), inverse = load(t.inverse_sum + v * kLanes);
    FA_FOR (i, kTileRows) {
      const Vector score = tile_score<kEdge, kOptions>(s[i][v], t, i, v);
      Vector p = exp2((score - max) * t.exponent) * inverse;
      if constexpr (kEdge != Edge::none)  // after the product: the sum of a row that holds a NaN is NaN
        p = select(visible_lanes<kEdge>(t.edge, i, v), p, broadcast(kHiddenProbability));
      store(t.probabilities + i * t.stride + v * kLanes, p);
    }
  }
}

/// dS^T = P^T (V dO^T - delta) from the products V dO^T. Delta is subtracted from the finished product, whose
/// order of summation it shares: where one key takes all, O equals its V and dS is an exact 0. The scale is
/// applied to the finished dQ and dK.
template <int kVectors, Edge kEdge, bool kOptions>
FA_ALWAYS_INLINE void finish_d_scores(Sums<kTileRows, kVectors>& s, const GradientTile& t) {
  FA_FOR (v, kVectors) {
    const Vector delta = load(t.delta + v * kLanes);
    FA_FOR (i, kTileRows) {
      Vector d;
      if constexpr (kOptions) {
        d = d_score_with_options<kEdge>(s[i][v], delta, t, i, v);
      } else {
        const Vector p = load(t.probabilities + i * t.stride + v * kLanes);
        d = (s[i][v] - delta) * p;
        if constexpr (kEdge != Edge::none) d = select(is_hidden(p), Vector{}, d);
      }
      store(t.d_scores + i * t.stride + v * kLanes, d);
    }
  }
}

/// The two steps of a tile.
enum class Step { probabilities, d_scores };

template <Step kStep, int kVectors, Edge kEdge, bool kOptions>
FA_NOINLINE void gradient_tile(const GradientTile& t) {
  multiply_tile<kTileRows, kVectors, Broadcast::rows>(
      t.depth, t.rows, t.row_stride, t.panel, kPanelRows, t.next,
      [&](Sums<kTileRows, kVectors>& s) FA_INLINE_LAMBDA {
        if constexpr (kStep == Step::probabilities) {
          finish_probabilities<kVectors, kEdge, kOptions>(s, t);
        } else {
          finish_d_scores<kVectors, kEdge, kOptions>(s, t);
        }
      });
}

template <Step kStep, Edge kEdge, bool kOptions>
FA_ALWAYS_INLINE void gradient_tile(int vectors, const GradientTile& t) {
  if (vectors == 1) return gradient_tile<kStep, 1, kEdge, kOptions>(t);
  if (vectors == 2) return gradient_tile<kStep, 2, kEdge, kOptions>(t);
  gradient_tile<kStep, 3, kEdge, kOptions>(t);
}

/// `whole`: every pair is visible. Options are rare enough to share the code that looks at the band.
template <Step kStep>
FA_ALWAYS_INLINE void gradient_tile(int vectors, bool addend, bool whole, const GradientTile& t) {
  if (t.options.any())
    return addend ? gradient_tile<kStep, Edge::addend, true>(vectors, t)
                  : gradient_tile<kStep, Edge::band, true>(vectors, t);
  if (addend) return gradient_tile<kStep, Edge::addend, false>(vectors, t);
  if (whole) return gradient_tile<kStep, Edge::none, false>(vectors, t);
  gradient_tile<kStep, Edge::band, false>(vectors, t);
}

struct GradientBlock {
  FloatRows keys, values;
  float* strips;  ///< of the keys
  float *key_tail, *value_tail;
  int count, depth, value_depth;
  const int32_t* special;  ///< keys with NaN or Inf that some row may not see
  int special_count;
};

struct GradientPanel {
  PanelBand cut;
  ScoreUnits units;
  const float* addend;
  PairOptions options;
  const float *queries, *d_out;
  const float *max, *inverse_sum, *delta;
  float *probabilities, *d_scores;  ///< [key][query of the block], at the panel's first query
  int64_t stride;
  float* d_queries;
};

/// Keys at both ends of a vector's visible range are read by tiles of other shapes: they are set to hidden
/// and 0.
FA_NOINLINE void fill_hidden(const GradientPanel& p) {
  for (int v = 0; v < p.cut.vectors; ++v) {
    const int begin = larger(0, p.cut.first[v] / kTileRows * kTileRows - 8);
    const int end = smaller(p.cut.keys, p.cut.last[v] + kTileRows + 8);
    for (int key = begin; key < end; key += kTileRows) {
      const int rows = smaller(kTileRows, p.cut.keys - key);
      if (p.cut.last[v] > key && p.cut.first[v] < key + rows) continue;
      for (int i = 0; i < rows; ++i) {
        store(p.probabilities + (key + i) * p.stride + v * kLanes, broadcast(kHiddenProbability));
        store(p.d_scores + (key + i) * p.stride + v * kLanes, Vector{});
      }
    }
  }
}

/// One product of a panel with the keys of a block.
struct GradientProduct {
  FloatRows rows;  ///< K or V
  int depth;
  float* tail;         ///< room for kTileRows of the rows
  const float* panel;  ///< Q^T or dO^T
};

template <Step kStep>
FA_NOINLINE void for_each_gradient_tile(const GradientPanel& p, const GradientProduct& product) {
  for_each_tile(p.cut, [&](const TilePlace& place) FA_INLINE_LAMBDA {
    const int lane = place.from * kLanes;
    GradientTile t;
    t.rows = product.rows.data + place.key * product.rows.stride;
    t.row_stride = product.rows.stride;
    t.depth = product.depth;
    t.next = t.rows + kTileRows * t.row_stride;
    if (place.rows < kTileRows) {
      t.rows = tile_rows_at_end(t.rows, t.row_stride, place.rows, t.depth, product.tail);
      t.row_stride = t.depth;
    }
    t.panel = product.panel + lane;
    t.max = p.max + lane;
    t.inverse_sum = p.inverse_sum + lane;
    t.delta = p.delta + lane;
    t.probabilities = p.probabilities + place.key * p.stride + lane;
    t.d_scores = p.d_scores + place.key * p.stride + lane;
    t.stride = p.stride;
    t.exponent = p.units.exponent;
    t.edge = tile_edge(p.cut, place, p.addend, p.units);
    t.options = p.options.at(lane, place.key);
    gradient_tile<kStep>(place.to - place.from, p.addend != nullptr, place.whole, t);
  });
}

/// P^T and dS^T of one panel: first all of P^T, then all of dS^T, because Q^T and dO^T together would not
/// stay in the L1 cache.
FA_ALWAYS_INLINE void differentiate_scores(const GradientPanel& p, const GradientBlock& block) {
  for_each_gradient_tile<Step::probabilities>(p, {block.keys, block.depth, block.key_tail, p.queries});
  for_each_gradient_tile<Step::d_scores>(p, {block.values, block.value_depth, block.value_tail, p.d_out});
}

/// dQ^T += K^T dS^T of one panel.
FA_NOINLINE void sum_into_queries(const GradientPanel& p, const GradientBlock& block) {
  for_each_run(p.cut, [&](int from, int to, int key, int count) FA_INLINE_LAMBDA {
    const float* rows = p.d_scores + key * p.stride + from * kLanes;
    sum_into_panel(to - from, PanelSum{block.strips + key * kTileRows, strip_stride(block.count), block.depth,
                                       rows, p.stride, count, p.d_queries + from * kLanes, nullptr});
  });
  const SpecialRows special{block.keys, block.special, block.special_count};
  if (special.count)
    add_special_rows(special, p.cut, p.probabilities, p.d_scores, p.stride, p.d_queries, block.depth);
}

}  // namespace
}  // namespace fa::cpu::FA_TARGET
