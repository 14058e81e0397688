// Backward of one block: probabilities and score gradients of a query block x key block, and the three
// products with them.
#pragma once
#include "addend-inl.h"

namespace fa::cpu::FA_TARGET {
namespace {

// ---- P and dS ----

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
};

/// P^T = 2^((K Q^T - max) * exponent) / sum, then dS^T = P^T (V dO^T - delta), both finished in the
/// accumulators. The scores have the forward's bits (same products, same order), so score - max is an exact 0
/// at the row maximum. Delta is subtracted from the finished product, whose order of summation it shares:
/// where one key takes all, O equals its V and dS is an exact 0. The scale is applied to the finished dQ and
/// dK.
template <int kVectors, Edge kEdge>
FA_NOINLINE void gradient_tile(const GradientTile& t) {
  multiply_tile<kTileRows, kVectors, Broadcast::rows>(
      t.depth, t.keys, t.key_stride, t.queries, kPanelRows, t.values,
      [&](Sums<kTileRows, kVectors>& s) FA_INLINE_LAMBDA {
        FA_FOR (v, kVectors) {
          const Vector max = load(t.max + v * kLanes), inverse = load(t.inverse_sum + v * kLanes);
          FA_FOR (i, kTileRows) {
            const Vector score = finish_score<kEdge, false>(s[i][v], t.edge, i, v);
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
            const Vector p = load(t.probabilities + i * t.stride + v * kLanes);
            Vector d = (s[i][v] - delta) * p;
            if constexpr (kEdge != Edge::none) d = select(is_hidden(p), Vector{}, d);
            store(t.d_scores + i * t.stride + v * kLanes, d);
          }
        }
      });
}

template <Edge kEdge>
FA_ALWAYS_INLINE void gradient_tile(int vectors, const GradientTile& t) {
  if (vectors == 1) return gradient_tile<1, kEdge>(t);
  if (vectors == 2) return gradient_tile<2, kEdge>(t);
  gradient_tile<3, kEdge>(t);
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

/// P^T, dS^T and dQ^T += K^T dS^T of one panel.
FA_NOINLINE void differentiate_panel(const GradientPanel& p, const GradientBlock& block) {
  // P and dS
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
    const int vectors = place.to - place.from;
    if (p.addend) return gradient_tile<Edge::addend>(vectors, t);
    if (place.whole) return gradient_tile<Edge::none>(vectors, t);
    gradient_tile<Edge::band>(vectors, t);
  });
  fill_hidden(p);

  // dQ
  for_each_run(p.cut, [&](int from, int to, int key, int count) FA_INLINE_LAMBDA {
    const float* rows = p.d_scores + key * p.stride + from * kLanes;
    sum_into_panel(to - from, PanelSum{block.strips + key * kTileRows, strip_stride(block.count), block.depth,
                                       rows, p.stride, count, p.d_queries + from * kLanes, nullptr});
  });
  const SpecialRows special{block.keys, block.special, block.special_count};
  if (special.count)
    add_special_rows(special, p.cut, p.probabilities, p.d_scores, p.stride, p.d_queries, block.depth);
}

// ---- dV += P^T dO and dK += dS^T Q ----

struct KeySum {
  const float* weights;  ///< P^T or dS^T, [keys][weight_stride]
  int64_t weight_stride;
  FloatRows rows;  ///< dO or Q, padded with zeros to whole vectors
  float* sums;     ///< [keys][sum_stride]
  int64_t sum_stride;
  int keys, queries, width;
  int lo, hi;  ///< key k is visible to query r of the block iff r + lo <= k <= r + hi
};

constexpr int kKeyTileRows = 6;  // 6 x 4 vectors (6 x 2 with 16 registers) of accumulators
constexpr int kKeyTileVectors = kRegisters == 32 ? 4 : 2;

template <int kVectors>
FA_NOINLINE void sum_into_keys(const KeySum& s, int column) {
  for (int key = 0; key < s.keys; key += kKeyTileRows) {
    const int count = smaller(kKeyTileRows, s.keys - key);
    const int begin = larger(0, key - s.hi) / kLanes * kLanes;
    const int end = smaller(s.queries, key + kKeyTileRows - s.lo);
    if (begin >= end) continue;
    float* sums = s.sums + key * s.sum_stride + column;
    const float* weights = s.weights + key * s.weight_stride + begin;
    multiply_tile<kKeyTileRows, kVectors, Broadcast::rows>(
        end - begin, weights, s.weight_stride, s.rows.data + begin * s.rows.stride + column, s.rows.stride,
        weights, [&](Sums<kKeyTileRows, kVectors>& t) FA_INLINE_LAMBDA {
          FA_FOR (i, kKeyTileRows) {
            float* to = sums + i * s.sum_stride;
            if (i < count) {
              FA_FOR (v, kVectors) store(to + v * kLanes, load(to + v * kLanes) + t[i][v]);
            }
          }
        });
  }
}

/// sums[key][d] += sum over queries of weights[key][query] * rows[query][d].
FA_NOINLINE void sum_into_keys(const KeySum& s) {
  int column = 0;
  for (; column + kKeyTileVectors * kLanes <= s.width; column += kKeyTileVectors * kLanes)
    sum_into_keys<kKeyTileVectors>(s, column);
  if constexpr (kKeyTileVectors > 2) {
    for (; column + 2 * kLanes <= s.width; column += 2 * kLanes) sum_into_keys<2>(s, column);
  }
  for (; column < s.width; column += kLanes) sum_into_keys<1>(s, column);
}

/// The part of one query row that holds NaN or Inf and was cleared in `rows`: only the keys that it sees get
/// it.
FA_NOINLINE void add_special_query(const KeySum& s, const float* probabilities, int query, const float* row) {
  const int begin = larger(0, query + s.lo), end = smaller(s.keys, query + s.hi + 1);
  for (int key = begin; key < end; ++key) {
    const int64_t at = key * s.weight_stride + query;
    if (__builtin_signbit(probabilities[at]) && probabilities[at] == 0) continue;
    for (int d = 0; d < s.width; d += kLanes) {
      float* sums = s.sums + key * s.sum_stride + d;
      store(sums, load(sums) + s.weights[at] * load(row + d));
    }
  }
}

}  // namespace
}  // namespace fa::cpu::FA_TARGET
