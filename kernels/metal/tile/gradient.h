// What the kernels of the backward pass share: P and dS of a pair, and sums that a NaN must not reach.
#pragma once
#include "product.h"
#include "special_rows.h"
#include "task.h"
#include "visibility.h"

namespace fa {
using namespace metal;

// ---- which heads and blocks ----

/// Key blocks of the kv heads of the window that GradientParams names, the first blocks of all heads first:
/// under causality most rows see them.
METAL_FUNC Task key_task(constant AttentionParams& p, constant GradientParams& g, uint group) {
  const int per_head = p.query_heads / p.kv_heads, heads = g.heads / per_head;
  const int task = int(group) + p.first_task, head = g.first_head / per_head + task % heads;
  return Task{head / p.kv_heads, head % p.kv_heads, task / heads};
}

/// Query blocks of the heads of that window, in the order of query_task without one.
METAL_FUNC Task query_task(constant AttentionParams& p, constant GradientParams& g, uint group, int rows) {
  const int task = int(group) + p.first_task, head = g.first_head + task % g.heads;
  return Task{head / p.query_heads, head % p.query_heads,
              blocks_of(p.query_length, rows) - 1 - task / g.heads};
}

/// Blocks of query rows as keys [key, key + count) see them.
METAL_FUNC KeyBlocks row_blocks(constant AttentionParams& p, int key, int count, int block) {
  const BlockRange rows = visible_rows(p.band, key, count, p.query_length);
  return KeyBlocks{BlockRange{rows.begin / block, blocks_of(rows.end, block)},
                   key + count > p.band.keys
                       ? BlockRange{0, 0}
                       : full_blocks(transposed(p.band, p.query_length), key, count, block)};
}

/// Elements from row to row of the dS that dkv keeps.
METAL_FUNC int kept_stride(constant AttentionParams& p) { return blocks_of(p.key_length, 8) * 8; }

/// Where a row of [B, Hq, Lq] is in it: the scratch holds the heads of the window.
METAL_FUNC Int64 kept_offset(constant AttentionParams& p, constant GradientParams& g, Int64 row) {
  return (row - Int64(g.first_head) * p.query_length) * kept_stride(p);
}

// ---- pairs ----

/// What P and dS of a query row need besides its products; delta.metal computes it.
struct RowTerms {
  float shift;  ///< P = 2^(score - shift) * inverse. Infinite for a row that sees nothing.
  float inverse;
  float delta;  ///< dS = P (dP - delta)
};

/// P and dS of one pair, rounded for the matrix unit.
template <typename T>
struct PairWeights {
  T p, d_score;

  /// `marks`: whether hidden pairs have to be told from dS that is rounded to -0.
  METAL_FUNC void set(float score, float d_p, thread const RowTerms& row, bool marks) {
    const float probability = exp2_of(score - row.shift) * row.inverse;
    const float product = probability * (d_p - row.delta);
    p = T(probability);
    d_score = marks ? visible_weight<T>(product) : T(product);
  }
  /// By selection, not by a product with 0, which would let NaN through.
  METAL_FUNC void hide() { p = d_score = hidden_weight<T>(); }
};

/// Whether a score says that its pair is hidden. NaN or Inf in a visible row can make it minus infinity, too:
/// then dS is 0 * Inf, and must not be left out.
METAL_FUNC bool is_hidden(thread const HeadScores& head, float score, bool is_special, int row, int key) {
  return score == -INFINITY && !(is_special && head.sees(row, key));
}

/// multiply() with the products of hidden pairs left out, where it would let 0 * NaN through. For the rare
/// block that has special pairs: one product after another, in the order of the matrix unit.
template <typename T, typename Block, int rows, int count, int columns>
METAL_FUNC void multiply_visible(thread Fragment<float> (&sums)[rows][columns],
                                 thread const Fragment<T> (&weights)[rows][count], thread const Block& block,
                                 Lane lane) {
  for (int k = 0; k < 8 * count; ++k) {
    const threadgroup T* row = block.tile + k * Block::kStride + lane.column;
#pragma unroll
    for (int r = 0; r < rows; ++r) {
      const float weight = weight_of(weights[r], k, lane);
      if (is_hidden(weight)) continue;
#pragma unroll
      for (int d = 0; d < columns; ++d) {
        thread vec<float, 2>& sum = elements(sums[r][d]);
        sum[0] = fma(weight, float(row[8 * d]), sum[0]);
        sum[1] = fma(weight, float(row[8 * d + 1]), sum[1]);
      }
    }
  }
}

}  // namespace fa
