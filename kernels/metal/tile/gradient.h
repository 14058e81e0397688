// What the kernels of the backward pass share: P and dS of a pair, and sums that a NaN must not reach.
#pragma once
#include "dropout.h"
#include "product.h"
#include "special_rows.h"
#include "task.h"
#include "visibility.h"

namespace fa {
using namespace metal;

// ---- which heads and blocks ----

/// Key blocks of the kv heads of the window that GradientParams names, the first blocks of all heads first:
/// under causality most rows see them. Packed sequences have no such window.
METAL_FUNC void open_keys(thread Task& task, constant AttentionParams& p, constant GradientParams& g,
                          thread const TaskInputs& inputs, uint group) {
  const int number = int(group) + p.first_task;
  if (is_packed) {
    task.open_listed(p, inputs, p.kv_heads, number);
  } else {
    const int per_head = p.query_heads / p.kv_heads, heads = g.heads / per_head;
    const int head = g.first_head / per_head + number % heads;
    task.open(p, inputs, head / p.kv_heads, head % p.kv_heads, number / heads);
  }
}

/// Query blocks of the heads of that window, in the order of Task::open_queries without one.
METAL_FUNC void open_queries(thread Task& task, constant AttentionParams& p, constant GradientParams& g,
                             thread const TaskInputs& inputs, uint group, int rows) {
  const int number = int(group) + p.first_task, head = g.first_head + number % g.heads;
  task.open(p, inputs, head / p.query_heads, head % p.query_heads,
            blocks_of(p.query_length, rows) - 1 - number / g.heads);
}

/// Blocks of query rows as keys [key, key + count) see them.
METAL_FUNC KeyBlocks row_blocks(KeyBand band, int queries, int key, int count, int block) {
  const BlockRange rows = visible_rows(band, key, count, queries);
  return KeyBlocks{
      BlockRange{rows.begin / block, blocks_of(rows.end, block)},
      key + count > band.keys ? BlockRange{0, 0} : full_blocks(transposed(band, queries), key, count, block)};
}

/// Elements from row to row of the dS that dkv keeps.
METAL_FUNC int kept_stride(constant AttentionParams& p) { return blocks_of(p.key_length, 8) * 8; }

/// Where a row of [B, Hq, Lq] is in it: the scratch holds the heads of the window.
METAL_FUNC Int64 kept_offset(constant AttentionParams& p, constant GradientParams& g, Int64 row) {
  return (row - Int64(g.first_head) * p.query_length) * kept_stride(p);
}

// ---- rows ----

/// What P and dS of a query row need besides its products; delta.metal computes it.
struct RowTerms {
  float shift;  ///< P = 2^(score - shift) * inverse. Infinite for a row that sees nothing.
  float inverse;
  float delta;  ///< dS = P (dP - delta)
};

/// What P and dS of all heads are computed from, besides k and v.
template <typename T>
struct GradientInputs {
  const device T* q;
  const device T* d_out;
  const device float* row_terms;
  ScoreInputs scores;
};

/// One query head of a task's sequence.
template <typename T>
struct QueryHead {
  HeadScores scores;
  Dropout dropout;
  HeadRows<T> q, d_out;
  const device float* row_terms;
  Int64 all_rows;  ///< from one of a row's terms to the next

  METAL_FUNC QueryHead(constant AttentionParams& p, constant GradientParams& g,
                       thread const GradientInputs<T>& inputs, thread const Task& task, int head)
      : dropout(p, task.batch, head),
        q(query_rows(inputs.q, p.q, task, head, p.head_dim)),
        d_out(query_rows(inputs.d_out, g.d_out, task, head, p.value_dim)),
        row_terms(inputs.row_terms + task.first_row(p, head)),
        all_rows(fa::all_rows(p)) {
    scores.open(p, inputs.scores, task.sequence, task.batch, head);
  }

  METAL_FUNC RowTerms terms(int row) const {
    return RowTerms{row_terms[row], row_terms[all_rows + row], row_terms[2 * all_rows + row]};
  }
};

// ---- pairs ----

/// What dropout makes of P and dP of a pair.
struct KeepFactors {
  float p;    ///< 0 or 1: the rest of the factor is in dV's, where it cannot make 16-bit P overflow
  float d_p;  ///< 0 or 1 / (1 - rate)
};

METAL_FUNC KeepFactors keep_factors(constant DropoutParams& dropout, bool kept) {
  if (!has_dropout) return KeepFactors{1, 1};
  return kept ? KeepFactors{1, dropout.keep_factor} : KeepFactors{0, 0};
}

/// What dV is multiplied by in the end.
METAL_FUNC float kept_factor(constant AttentionParams& p) {
  return has_dropout ? p.dropout.keep_factor : 1.0f;
}

/// P and dS of one pair, rounded for the matrix unit.
template <typename T>
struct PairWeights {
  T p;             ///< after dropout
  T d_score;       ///< by scale * product
  float d_addend;  ///< by what is added to the score: dS before the derivative of softcap

  /// `derivative` is that of softcap; `marks`: whether hidden pairs have to be told from dS that is rounded
  /// to -0.
  METAL_FUNC void set(float score, float of_p, thread const RowTerms& row, KeepFactors keep, float derivative,
                      bool marks) {
    const float probability = exp2_of(score - row.shift) * row.inverse;
    d_addend = probability * (of_p * keep.d_p - row.delta);
    p = T(probability * keep.p);
    const float product = d_addend * derivative;
    d_score = marks ? visible_weight<T>(product) : T(product);
  }
  /// By selection, not by a product with 0, which would let NaN through.
  METAL_FUNC void hide() {
    p = d_score = hidden_weight<T>();
    d_addend = 0;
  }
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
