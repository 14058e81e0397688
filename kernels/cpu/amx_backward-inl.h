// Backward of 16-bit tensors with products of bricks: a block of query rows against the keys of a chunk.
// Chunks, phases and what comes of their sums are those of backward-inl.h.
#pragma once
#include "amx_gradient-inl.h"
#include "backward-inl.h"
#include "half_rows-inl.h"

namespace fa::cpu::FA_TARGET {
namespace {

/// Blocks of keys that are held as bricks: all of a chunk, if they take but a share of the L2 cache.
FA_ALWAYS_INLINE int64_t held_blocks(const BackwardPlan& p, int parts) {
  constexpr int64_t kHeldBytes = 3 << 19;
  const Attention& a = p.g.forward;
  const int64_t blocks = bricks_of(p.chunk_keys, p.key_block);
  const int64_t width = 2 * round_up(a.head_dim, kBrickDepth) + round_up(a.value_dim, kBrickDepth);
  return blocks * p.key_block * width * parts * 2 <= kHeldBytes ? blocks : 1;
}

struct BrickBackwardBuffers {
  uint16_t *queries, *d_out;                ///< right, [row / 16][depth]
  uint16_t *query_columns, *d_out_columns;  ///< right, [row / 32][column / 16]
  uint16_t* out;                            ///< left, [row / 16][depth]
  uint16_t *keys, *values, *key_columns;    ///< left
  uint16_t *probabilities, *d_scores;       ///< left, [key / 16][panel]
  uint16_t* d_scores_of_panel;              ///< right, [key / 32][vector]
  uint16_t* rows16;                         ///< gathered from pages

  BrickBackwardBuffers(Carver& c, const BackwardPlan& p, int parts) {
    const Attention& a = p.g.forward;
    const int64_t rows = round_up(p.query_block, kBrickDepth), key_rows = round_up(p.key_block, kBrickDepth);
    const int64_t depth = parts * round_up(a.head_dim, kBrickDepth);
    const int64_t value_depth = parts * round_up(a.value_dim, kBrickDepth);
    queries = take_halves(c, rows * depth);
    d_out = take_halves(c, rows * value_depth);
    query_columns = take_halves(c, rows * depth);
    d_out_columns = take_halves(c, rows * value_depth);
    out = take_halves(c, rows * value_depth);
    const int64_t held_rows = key_rows * held_blocks(p, parts);
    keys = take_halves(c, held_rows * depth);
    values = take_halves(c, held_rows * value_depth);
    key_columns = take_halves(c, held_rows * depth);
    probabilities = take_halves(c, key_rows * rows * kPanelParts);
    d_scores = take_halves(c, key_rows * rows * kPanelParts);
    d_scores_of_panel = take_halves(c, key_rows * kPanelRows * kPanelParts);
    rows16 = take_halves(c, a.storage.pages ? key_rows * larger(a.head_dim, a.value_dim) : 0);
  }
};

/// delta = dO . O - dLse, from the diagonals of products of bricks: so it has the bits that dP has where one
/// key takes all and O is its value.
template <int kParts>
FA_NOINLINE void load_brick_delta(const QueryBlock& q, const BrickBackwardBuffers& w, int64_t value_depth) {
  const int64_t brick = value_depth * kParts * kBrick;
  for (int row = 0; row < q.rows; row += kBrickRows) {
    alignas(64) float products[kBrickRows * kBrickRows];
    const int64_t at = row / kBrickRows * brick;
    multiply_bricks<1, 1, kParts, kParts>({w.out + at, brick, kParts * kBrick},
                                          {w.d_out + at, brick, kParts * kBrick}, value_depth,
                                          TileSums{products, kBrickRows}, false);
    float* delta = q.buffers.delta + row;
    FA_FOR (i, kBrickRows) delta[i] = products[i * kBrickRows + i];
    if (!q.plan.g.d_lse) continue;
    const float* d_lse = q.plan.g.d_lse + state_index(q.a, q.chunk.b, q.h, q.row + row);
    for (int i = 0; i < smaller(kBrickRows, q.rows - row); ++i) delta[i] -= d_lse[i];
  }
}

template <Element kElement>
FA_NOINLINE void load_brick_queries(const QueryBlock& q, const BrickBackwardBuffers& w) {
  const Attention& a = q.a;
  const auto rows_of = [&](const Rows& rows, int64_t width) FA_INLINE_LAMBDA {
    return HalfRows{query_address(a, rows, q.chunk.b, q.h, q.row), rows.row, q.rows, static_cast<int>(width)};
  };
  const HalfRows queries = rows_of(a.q, a.head_dim), d_out = rows_of(q.plan.g.d_out, a.value_dim);
  pack_row_bricks<kElement, true>(queries, w.queries);
  pack_row_bricks<kElement, true>(d_out, w.d_out);
  pack_column_bricks<kElement, false>(queries, w.query_columns);
  pack_column_bricks<kElement, false>(d_out, w.d_out_columns);
  pack_row_bricks<kElement, false>(rows_of(a.out, a.value_dim), w.out);
  load_brick_delta<kPartsOf<kElement>>(q, w, bricks_of(a.value_dim, kBrickDepth));
  load_state(q);
  const int64_t size = round_up(q.rows, kPanelRows) * round_up(a.head_dim, kTileRows);
  __builtin_memset(q.buffers.d_query_panels, 0, static_cast<size_t>(size) * 4);
  if (q.plan.g.d_alibi_slopes)
    __builtin_memset(q.buffers.slopes, 0, static_cast<size_t>(q.plan.query_block) * 4);
}

/// A block of keys as bricks, unless it is held from the last block of query rows.
template <Element kElement>
FA_NOINLINE BrickPanel load_brick_keys(const QueryBlock& q, const BrickBackwardBuffers& w, int64_t key) {
  constexpr int kParts = kPartsOf<kElement>;
  const KeyChunk& c = q.chunk;
  const int64_t step = q.plan.key_block;
  BrickPanel b{};
  b.depth = bricks_of(q.a.head_dim, kBrickDepth);
  b.value_depth = bricks_of(q.a.value_dim, kBrickDepth);
  b.columns = bricks_of(q.a.head_dim, kBrickRows);
  const bool hold = held_blocks(q.plan, kParts) > 1;
  const int64_t at = hold ? (key - c.begin) * kBrickDepth * kParts : 0;
  uint16_t *keys = w.keys + at * b.depth, *values = w.values + at * b.value_depth;
  uint16_t* key_columns = w.key_columns + at * b.depth;
  b.keys = keys;
  b.values = values;
  b.key_columns = key_columns;
  if (hold && key >= c.held_begin && key < c.held_end) return b;
  const int64_t end = smaller<int64_t>(smaller<int64_t>(c.end, q.sequence().band.keys), key + step);
  const KeyPlace place{c.b, c.kv_head, key, static_cast<int>(end - key)};
  const HalfRows rows = stored_half_rows(q.a, q.a.k, place, q.a.head_dim, w.rows16);
  pack_row_bricks<kElement, false>(rows, keys);
  pack_column_bricks<kElement, true>(rows, key_columns);
  pack_row_bricks<kElement, false>(stored_half_rows(q.a, q.a.v, place, q.a.value_dim, w.rows16), values);
  if (key != c.held_end) c.held_begin = key;
  c.held_end = key + step;
  return b;
}

/// A panel that sees nothing of the block.
FA_NOINLINE void clear_panel_gradients(const BrickPanel& b, int keys) {
  for (int key = 0; key < round_up(keys, kBrickRows); ++key) {
    store_left(Split(Vector{}), Split(Vector{}), b.left_row(b.probabilities, key));
    store_left(Split(Vector{}), Split(Vector{}), b.left_row(b.d_scores, key));
  }
}

/// P, dS and dQ of all panels; false when no query sees a key of the block.
template <int kParts>
FA_NOINLINE bool differentiate_brick_block(const QueryBlock& q, const BrickBackwardBuffers& w, int64_t key,
                                           int count, BrickPanel bricks) {
  const int64_t panels = bricks_of(q.rows, kBrickDepth);
  bricks.weight_stride = panels * kPanelParts * kBrick;
  bricks.d_scores_of_panel = w.d_scores_of_panel;
  bool seen = false;
  for (int p = 0; p < panels; ++p) {
    GradientPanel panel = open_panel(q, p, key, count);
    panel.probabilities = q.buffers.probabilities;
    panel.d_scores = q.buffers.d_scores;
    panel.stride = kPanelRows;
    bricks.queries = w.queries + p * kPanelVectors * bricks.depth * kParts * kBrick;
    bricks.d_out = w.d_out + p * kPanelVectors * bricks.value_depth * kParts * kBrick;
    bricks.probabilities = w.probabilities + p * kPanelParts * kBrick;
    bricks.d_scores = w.d_scores + p * kPanelParts * kBrick;
    const bool visible = panel.cut.last[panel.cut.vectors - 1] > panel.cut.first[0];
    if (!visible || !fill_panel(q, p, key, panel)) {
      clear_panel_gradients(bricks, count);
      if (q.plan.bias_written_once()) clear_bias(q, p * kPanelRows, q.panel_rows(p), key, count);
      continue;
    }
    seen = true;
    differentiate_panel<kParts>(panel, bricks, q.plan.g.d_bias != nullptr);
    if (q.plan.g.d_bias) sum_into_bias(q, p, key, panel);
  }
  return seen;
}

template <int kParts>
FA_NOINLINE void sum_brick_key_gradients(const QueryBlock& q, const BrickBackwardBuffers& w, int64_t key,
                                         int count) {
  const Attention& a = q.a;
  const KeyChunk& c = q.chunk;
  const PanelBand cut = cut_panel(q.sequence().band, q.row, 1, key, count);
  const int64_t panels = bricks_of(q.rows, kBrickDepth);
  const BrickKeySum values{w.probabilities,
                           w.d_out_columns,
                           panels,
                           bricks_of(a.value_dim, kBrickRows),
                           c.d_values + (key - c.begin) * c.d_value_stride,
                           c.d_value_stride,
                           count,
                           q.rows,
                           cut.lo,
                           cut.hi};
  const BrickKeySum keys{w.d_scores,
                         w.query_columns,
                         panels,
                         bricks_of(a.head_dim, kBrickRows),
                         c.d_keys + (key - c.begin) * c.d_key_stride,
                         c.d_key_stride,
                         count,
                         q.rows,
                         cut.lo,
                         cut.hi};
  sum_bricks_into_keys<kParts>(values);
  sum_bricks_into_keys<kParts>(keys);
}

/// One query block against the keys [begin, end) of the chunk.
template <Element kElement>
FA_NOINLINE void differentiate_in_bricks(QueryBlock& q, int64_t begin, int64_t end) {
  constexpr int kParts = kPartsOf<kElement>;
  Carver carver{q.buffers.more};
  const BrickBackwardBuffers w(carver, q.plan, kParts);
  const TileRegisters registers;
  load_brick_queries<kElement>(q, w);
  for (int64_t key = begin; key < end; key += q.plan.key_block) {
    const int count = static_cast<int>(smaller<int64_t>(q.plan.key_block, end - key));
    const BrickPanel bricks = load_brick_keys<kElement>(q, w, key);
    if (differentiate_brick_block<kParts>(q, w, key, count, bricks))
      sum_brick_key_gradients<kParts>(q, w, key, count);
  }
}

struct FiniteCheck {
  const Attention& a;
  const Rows& rows;
  int64_t heads, length, width;
  int odd;
};

FA_NOINLINE void check_task(void* context, int64_t index) {
  FiniteCheck& c = *static_cast<FiniteCheck*>(context);
  const __m512i exponent = _mm512_set1_epi16(c.a.element == Element::bfloat16 ? 0x7f80 : 0x7c00);
  const char* head = row_address(c.rows, c.a.element, index / c.heads, index % c.heads, 0);
  const HalfRows rows{head, c.rows.row, static_cast<int>(c.length), static_cast<int>(c.width)};
  __mmask32 odd = 0;
  for (int row = 0; row < rows.count; ++row) {
    for (int column = 0; column < rows.width; column += kBrickDepth) {
      const __m512i x = _mm512_maskz_loadu_epi16(rows.mask(row, column), rows.at(row, column));
      odd |= _mm512_cmpeq_epi16_mask(_mm512_and_si512(x, exponent), exponent);
    }
  }
  if (odd) __atomic_store_n(&c.odd, 1, __ATOMIC_RELAXED);
}

/// Whether all elements of a [B, heads, length, width] tensor are finite.
FA_NOINLINE bool all_finite(const Attention& a, const Executor& executor, const Rows& rows, int64_t heads,
                            int64_t length, int64_t width) {
  FiniteCheck check{a, rows, heads, length, width, 0};
  executor.run(executor.self, (a.packed ? 1 : a.batch) * heads, check_task, &check);
  return check.odd == 0;
}

FA_ALWAYS_INLINE BackwardPlan plan_brick_backward(const AttentionGradients& g) {
  BackwardPlan plan = plan_backward(g);
  const bool one = g.forward.element == Element::bfloat16;
  plan.key_block = 128;  // what sums over rows and over keys read again stays in the L1 cache
  plan.query_block = 128;
  Carver carver{nullptr};
  BrickBackwardBuffers(carver, plan, one ? 1 : 2);
  plan.more_floats = carver.used;
  plan.differentiate =
      one ? differentiate_in_bricks<Element::bfloat16> : differentiate_in_bricks<Element::float16>;
  return plan;
}

/// False where some gradient is not finite; see brick_forward.
bool brick_backward(const AttentionGradients& g, const Executor& executor) {
  BackwardPlan plan = plan_brick_backward(g);
  run_backward(plan, executor);
  const Attention& a = g.forward;
  return all_finite(a, executor, g.dq, a.query_heads, a.query_length, a.head_dim) &&
         all_finite(a, executor, g.dk, a.kv_heads, a.key_length, a.head_dim) &&
         all_finite(a, executor, g.dv, a.kv_heads, a.key_length, a.value_dim);
}

int64_t brick_backward_scratch(const AttentionGradients& g, int threads) {
  BackwardPlan plan = plan_brick_backward(g);
  return scratch_of(plan, threads);
}

}  // namespace
}  // namespace fa::cpu::FA_TARGET
