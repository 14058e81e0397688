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
  float* derivatives;  ///< scratch for the derivative of the score by the product, null without softcap
  float* slopes;       ///< [row] sum over keys of dS * distance; null if nobody wants it
  int diagonal;        ///< i + offset - j of the panel's first row and the block's first key
  bool stops_at_bias;  ///< dS is that of bias: softcap lies before it

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
  const float *keys, *values;  ///< kTileRows rows each
  int64_t key_stride, value_stride;
  int depth, value_depth;
  const float *queries, *d_out;  ///< Q^T and dO^T, at the tile's first vector
  const float* next;
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
  if (o.derivatives && !o.stops_at_bias) {
    d *= load(o.derivatives + place);
    if constexpr (kEdge != Edge::none) d = select(is_hidden(p), Vector{}, d);
  }
  return d;
}

/// P^T = 2^((K Q^T - max) * exponent) / sum, then dS^T = P^T (V dO^T - delta), both finished in the
/// accumulators. The scores have the forward's bits (same products, same order), so score - max is an exact 0
/// at the row maximum. Delta is subtracted from the finished product, whose order of summation it shares:
/// where one key takes all, O equals its V and dS is an exact 0. The scale is applied to the finished dQ and
/// dK.
template <int kVectors, Edge kEdge, bool kOptions>
FA_NOINLINE void gradient_tile(const GradientTile& t) {
  multiply_tile<kTileRows, kVectors, Broadcast::rows>(
      t.depth, t.keys, t.key_stride, t.queries, kPanelRows, t.values,
      [&](Sums<kTileRows, kVectors>& s) FA_INLINE_LAMBDA {
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
      });
  multiply_tile<kTileRows, kVectors, Broadcast::rows>(
      t.value_depth, t.values, t.value_stride, t.d_out, kPanelRows, t.next,
      [&](Sums<kTileRows, kVectors>& s) FA_INLINE_LAMBDA {
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
      });
}

template <Edge kEdge, bool kOptions>
FA_ALWAYS_INLINE void gradient_tile(int vectors, const GradientTile& t) {
  if (vectors == 1) return gradient_tile<1, kEdge, kOptions>(t);
  if (vectors == 2) return gradient_tile<2, kEdge, kOptions>(t);
  gradient_tile<3, kEdge, kOptions>(t);
}

/// `whole`: every pair is visible. Options are rare enough to share the code that looks at the band.
FA_ALWAYS_INLINE void gradient_tile(int vectors, bool addend, bool whole, const GradientTile& t) {
  if (t.options.any())
    return addend ? gradient_tile<Edge::addend, true>(vectors, t)
                  : gradient_tile<Edge::band, true>(vectors, t);
  if (addend) return gradient_tile<Edge::addend, false>(vectors, t);
  if (whole) return gradient_tile<Edge::none, false>(vectors, t);
  gradient_tile<Edge::band, false>(vectors, t);
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

/// P^T and dS^T of one panel.
FA_NOINLINE void differentiate_scores(const GradientPanel& p, const GradientBlock& block) {
  for_each_tile(p.cut, [&](const TilePlace& place) FA_INLINE_LAMBDA {
    const int lane = place.from * kLanes;
    GradientTile t;
    t.keys = block.keys.data + place.key * block.keys.stride;
    t.values = block.values.data + place.key * block.values.stride;
    t.key_stride = block.keys.stride;
    t.value_stride = block.values.stride;
    t.next = t.keys + kTileRows * t.key_stride;
    if (place.rows < kTileRows) {
      t.keys = tile_rows_at_end(t.keys, t.key_stride, place.rows, block.depth, block.key_tail);
      t.values = tile_rows_at_end(t.values, t.value_stride, place.rows, block.value_depth, block.value_tail);
      t.key_stride = block.depth;
      t.value_stride = block.value_depth;
    }
    t.depth = block.depth;
    t.value_depth = block.value_depth;
    t.queries = p.queries + lane;
    t.d_out = p.d_out + lane;
    t.max = p.max + lane;
    t.inverse_sum = p.inverse_sum + lane;
    t.delta = p.delta + lane;
    t.probabilities = p.probabilities + place.key * p.stride + lane;
    t.d_scores = p.d_scores + place.key * p.stride + lane;
    t.stride = p.stride;
    t.exponent = p.units.exponent;
    t.edge = tile_edge(p.cut, place, p.addend, p.units);
    t.options = p.options.at(lane, place.key);
    gradient_tile(place.to - place.from, p.addend != nullptr, place.whole, t);
  });
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
