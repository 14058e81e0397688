// Backward of 16-bit tensors with products of bricks: the five products of a query block x key block. P and
// dS are float32 in between, in the layout of gradient-inl.h.
#pragma once
#include "backward_block-inl.h"
#include "parts-inl.h"

namespace fa::cpu::FA_TARGET {
namespace {

/// One panel's operands. P and dS of the panel go where the sums need them.
struct BrickPanel {
  const uint16_t *keys, *values;       ///< left, [key / 16][depth]
  const uint16_t* key_columns;         ///< left of the transposed, [key / 32][column / 16]
  const uint16_t *queries, *d_out;     ///< right, [vector][depth]
  int64_t depth, value_depth;          ///< bricks
  int64_t columns;                     ///< of dQ
  uint16_t *probabilities, *d_scores;  ///< left, [key / 16][panel of the block], at the panel
  int64_t weight_stride;               ///< from one 16 keys to the next, elements
  uint16_t* d_scores_of_panel;         ///< right, [key / 32][vector]

  uint16_t* left_row(uint16_t* bricks, int key) const {
    return bricks + key / kBrickRows * weight_stride + key % kBrickRows * kBrickDepth;
  }
};

template <int kVectors, Edge kEdge, bool kOptions>
FA_NOINLINE void finish_gradient_tile(const GradientTile& t) {
  Sums<kTileRows, kVectors> s;
  FA_FOR (i, kTileRows)
    FA_FOR (v, kVectors) s[i][v] = load(t.probabilities + i * t.stride + v * kLanes);
  finish_probabilities<kVectors, kEdge, kOptions>(s, t);
  FA_FOR (i, kTileRows)
    FA_FOR (v, kVectors) s[i][v] = load(t.d_scores + i * t.stride + v * kLanes);
  finish_d_scores<kVectors, kEdge, kOptions>(s, t);
}

template <Edge kEdge, bool kOptions>
FA_ALWAYS_INLINE void finish_gradient_tile(int vectors, const GradientTile& t) {
  if (vectors == 1) return finish_gradient_tile<1, kEdge, kOptions>(t);
  if (vectors == 2) return finish_gradient_tile<2, kEdge, kOptions>(t);
  finish_gradient_tile<3, kEdge, kOptions>(t);
}

/// From the products in the tile's memory to P and dS.
FA_ALWAYS_INLINE void finish_gradient_tile(int vectors, bool addend, bool whole, const GradientTile& t) {
  if (t.options.any())
    return addend ? finish_gradient_tile<Edge::addend, true>(vectors, t)
                  : finish_gradient_tile<Edge::band, true>(vectors, t);
  if (addend) return finish_gradient_tile<Edge::addend, false>(vectors, t);
  if (whole) return finish_gradient_tile<Edge::none, false>(vectors, t);
  finish_gradient_tile<Edge::band, false>(vectors, t);
}

/// The products K Q^T and V dO^T of 32 keys that the panel sees some of, where P and dS will be: [key][row].
template <int kParts>
FA_ALWAYS_INLINE void multiply_keys(const GradientPanel& p, const BrickPanel& b, int key,
                                    float* probabilities, float* d_scores) {
  const int64_t step = kParts * kBrick, rows = smaller<int64_t>(2, bricks_of(p.cut.keys - key, kBrickRows));
  const auto multiply = [&](const uint16_t* left, const uint16_t* right, int64_t depth,
                            float* products) FA_INLINE_LAMBDA {
    multiply_matrices<kParts, kParts>({left + key / kBrickRows * depth * step, depth * step, step}, rows,
                                      {right, depth * step, step}, p.cut.vectors, depth,
                                      TileSums{products, kPanelRows}, false);
  };
  multiply(b.keys, b.queries, b.depth, probabilities);
  multiply(b.values, b.d_out, b.value_depth, d_scores);
}

/// From products to P and dS in memory.
FA_NOINLINE void finish_panel(const GradientPanel& p) {
  for_each_tile(p.cut, [&](const TilePlace& place) FA_INLINE_LAMBDA {
    const int lane = place.from * kLanes;
    GradientTile t{};
    t.max = p.max + lane;
    t.inverse_sum = p.inverse_sum + lane;
    t.delta = p.delta + lane;
    t.probabilities = p.probabilities + place.key * p.stride + lane;
    t.d_scores = p.d_scores + place.key * p.stride + lane;
    t.stride = p.stride;
    t.exponent = p.units.exponent;
    t.edge = tile_edge(p.cut, place, p.addend, p.units);
    t.options = p.options.at(lane, place.key);
    finish_gradient_tile(place.to - place.from, p.addend != nullptr, place.whole, t);
  });
}

/// What the elements of a panel's memory are when they are packed.
enum class Held {
  results,   ///< P and dS
  products,  ///< of which P and dS are still to be made
  inside,    ///< the same where every pair is visible
};

/// A vector of rows and what P and dS are made of.
struct GradientVector {
  Vector max, inverse_sum, delta;
  float exponent;
  Bits row;  ///< the lanes' rows in the panel; far away where there are none

  FA_ALWAYS_INLINE GradientVector(const GradientPanel& p, int v)
      : max(load(p.max + v * kLanes)),
        inverse_sum(load(p.inverse_sum + v * kLanes)),
        delta(load(p.delta + v * kLanes)),
        exponent(p.units.exponent),
        row(lane_index() + (v < p.cut.vectors ? v * kLanes : kUnbounded)) {}

  /// See finish_probabilities and finish_d_scores. Pairs that are hidden, or do not exist, are 0.
  template <Held kHeld>
  FA_ALWAYS_INLINE void pair(const PanelBand& cut, int key, Vector& probability, Vector& d_score) const {
    if constexpr (kHeld != Held::results) {
      probability = exp2((probability - max) * exponent) * inverse_sum;
      d_score = (d_score - delta) * probability;
    }
    if constexpr (kHeld != Held::inside) {
      Bits seen = (row >= key - cut.hi) & (row <= key - cut.lo);
      if (key >= cut.keys) seen = Bits{};
      probability = select(seen, probability, Vector{});
      d_score = select(seen, d_score, Vector{});
    }
  }
};

/// 32 keys of P and dS of a panel, which are [key][row] in memory, as bricks.
template <Held kHeld>
FA_NOINLINE void pack_keys(const GradientPanel& p, const BrickPanel& b, int begin, const float* probabilities,
                           const float* d_scores) {
  static_assert(kPanelVectors == 2, "a panel's rows are the depth of a brick");
  const GradientVector vectors[2] = {{p, 0}, {p, 1}};
  uint16_t* right = b.d_scores_of_panel + begin / kBrickDepth * (kPanelVectors * kPanelParts * kBrick);
  for (int key = begin; key < begin + kBrickDepth; key += 2, right += kBrickDepth) {
    Vector probability[2][2], d_score[2][2];
    FA_FOR (i, 2) {
      FA_FOR (v, 2) {
        probability[i][v] = load(probabilities + v * kLanes);
        d_score[i][v] = load(d_scores + v * kLanes);
        vectors[v].template pair<kHeld>(p.cut, key + i, probability[i][v], d_score[i][v]);
      }
      store_left(Split(probability[i][0]), Split(probability[i][1]), b.left_row(b.probabilities, key + i));
      store_left(Split(d_score[i][0]), Split(d_score[i][1]), b.left_row(b.d_scores, key + i));
      probabilities += kPanelRows;
      d_scores += kPanelRows;
    }
    FA_FOR (v, 2) store_right(Split(d_score[0][v]), Split(d_score[1][v]), right + v * kPanelParts * kBrick);
  }
}

/// P and dS of a panel as bricks. With `memory`, or with options, they are also whole panels in memory;
/// otherwise only 32 keys at a time are, which stay in the L1 cache.
template <int kParts>
FA_NOINLINE void differentiate_bricks(const GradientPanel& p, const BrickPanel& b, int begin, int end,
                                      bool memory) {
  const bool options = memory || p.addend || p.options.any();
  for (int key = begin; key < end; key += kBrickDepth) {
    const int64_t at = options ? static_cast<int64_t>(key) * kPanelRows : 0;
    multiply_keys<kParts>(p, b, key, p.probabilities + at, p.d_scores + at);
    if (options) continue;
    if (p.cut.vectors == kPanelVectors && key + kBrickDepth <= p.cut.keys &&
        band_covers(p.cut, 0, kPanelRows, key, kBrickDepth)) {
      pack_keys<Held::inside>(p, b, key, p.probabilities, p.d_scores);
    } else {
      pack_keys<Held::products>(p, b, key, p.probabilities, p.d_scores);
    }
  }
  if (!options) return;
  finish_panel(p);
  for (int key = begin; key < end; key += kBrickDepth)
    pack_keys<Held::results>(p, b, key, p.probabilities + key * kPanelRows, p.d_scores + key * kPanelRows);
}

/// P, dS and dQ of one panel: dQ^T += K^T dS^T. `memory`: P and dS are also wanted as panels.
template <int kParts>
FA_NOINLINE void differentiate_panel(const GradientPanel& p, const BrickPanel& b, bool memory) {
  const int begin = p.cut.first[0] / kBrickDepth * kBrickDepth;
  const int end = static_cast<int>(round_up(p.cut.last[p.cut.vectors - 1], kBrickDepth));
  differentiate_bricks<kParts>(p, b, begin, end, memory);
  constexpr int64_t kKeyStep = kPanelVectors * kPanelParts * kBrick;
  const int64_t step = kParts * kBrick;
  const Bricks keys{b.key_columns + begin / kBrickDepth * b.columns * step, step, b.columns * step};
  const Bricks weights{b.d_scores_of_panel + begin / kBrickDepth * kKeyStep, kPanelParts * kBrick, kKeyStep};
  multiply_matrices<kParts, kPanelParts>(keys, b.columns, weights, p.cut.vectors, (end - begin) / kBrickDepth,
                                         TileSums{p.d_queries, kPanelRows}, true);
}

/// A sum over query rows: dV += P^T dO or dK += dS^T Q.
struct BrickKeySum {
  const uint16_t* weights;  ///< left, [key / 16][query / 32]
  const uint16_t* rows;     ///< right, [query / 32][column / 16]
  int64_t query_bricks, columns;
  float* sums;  ///< [keys][sum_stride]
  int64_t sum_stride;
  int keys, queries;
  int lo, hi;  ///< key k is visible to query r of the block iff r + lo <= k <= r + hi
};

template <int kParts>
FA_NOINLINE void sum_bricks_into_keys(const BrickKeySum& s) {
  const int64_t step = kParts * kBrick;
  for (int key = 0; key < s.keys; key += 2 * kBrickRows) {
    const int first = larger(0, key - s.hi), last = smaller(s.queries, key + 2 * kBrickRows - s.lo);
    if (first >= last) continue;
    const int64_t begin = first / kBrickDepth, end = bricks_of(last, kBrickDepth);
    const int rows = smaller(2 * kBrickRows, s.keys - key);
    const Bricks weights{s.weights + (key / kBrickRows * s.query_bricks + begin) * kPanelParts * kBrick,
                         s.query_bricks * kPanelParts * kBrick, kPanelParts * kBrick};
    const Bricks right{s.rows + begin * s.columns * step, step, s.columns * step};
    float* sums = s.sums + key * s.sum_stride;
    if (rows % kBrickRows == 0) {
      multiply_matrices<kPanelParts, kParts>(weights, rows / kBrickRows, right, s.columns, end - begin,
                                             TileSums{sums, s.sum_stride}, true);
      continue;
    }
    // Rows past the last key may be another task's.
    alignas(64) float products[2 * kBrickRows * kBrickRows];
    for (int64_t column = 0; column < s.columns; ++column) {
      const Bricks one{right.data + column * step, step, right.step};
      multiply_matrices<kPanelParts, kParts>(weights, bricks_of(rows, kBrickRows), one, 1, end - begin,
                                             TileSums{products, kBrickRows}, false);
      for (int i = 0; i < rows; ++i) {
        float* to = sums + i * s.sum_stride + column * kBrickRows;
        store(to, load(to) + load(products + i * kBrickRows));
      }
    }
  }
}

}  // namespace
}  // namespace fa::cpu::FA_TARGET
