// Fused forward: a task is a block of query rows of one head against all its keys.
#pragma once
#include "attend-inl.h"
#include "generated/tiles.h"
#include "memory-inl.h"

namespace fa::cpu::FA_TARGET {
namespace {

struct ForwardPlan {
  const Attention& a;
  int query_block = 0, key_block = 0;
  int64_t query_blocks = 0;
  int64_t tasks = 0;
  Scratch* scratch = nullptr;
};

/// Depends on the shape only. Few and short heads get smaller blocks, so that several threads find work.
FA_ALWAYS_INLINE ForwardPlan plan_forward(const Attention& a) {
  constexpr int64_t kCacheFloats = 128 * 1024;  // Q^T and O^T stay in half of a 1 MB L2 cache
  constexpr int64_t kWantedTasks = 16;
  ForwardPlan plan{a};
  plan.key_block = kForwardKeyBlock;
  plan.query_block = fit_block(kForwardQueryBlock, a.head_dim + a.value_dim, kCacheFloats);
  while (plan.query_block > 2 * kPanelRows && plan.query_block > 96 &&
         a.batch * a.query_heads * ((a.query_length + plan.query_block - 1) / plan.query_block) <
             kWantedTasks)
    plan.query_block = static_cast<int>(round_up(plan.query_block / 2, kPanelRows));
  plan.query_blocks = (a.query_length + plan.query_block - 1) / plan.query_block;
  plan.tasks = a.batch * a.query_heads * plan.query_blocks;
  return plan;
}

struct ForwardBuffers {
  float *queries, *output, *max, *sum, *factor, *scores, *addend, *strips, *tail, *keys, *values, *rows;
  int32_t* special;

  ForwardBuffers(Carver& c, const ForwardPlan& plan) {
    const Attention& a = plan.a;
    const int64_t key_rows = plan.key_block + 16;
    queries = c.take(round_up(a.head_dim, kTileRows) * plan.query_block);
    output = c.take(round_up(a.value_dim, kTileRows) * plan.query_block);
    max = c.take(plan.query_block);
    sum = c.take(plan.query_block);
    factor = c.take(kPanelRows);
    scores = c.take(key_rows * kPanelRows);
    addend = c.take(a.mask.data || a.bias.data ? key_rows * kPanelRows : 0);
    strips = c.take(strips_size(plan.key_block, a.value_dim));
    tail = c.take(kTileRows * a.head_dim);
    keys = c.take(plan.key_block * a.head_dim);
    values = c.take(plan.key_block * a.value_dim);
    rows = c.take(kPanelRows * larger(a.head_dim, a.value_dim));
    special = reinterpret_cast<int32_t*>(c.take(plan.key_block));
  }
};

struct ForwardTask {
  const ForwardPlan& plan;
  const Attention& a;
  ForwardBuffers buffers;
  int64_t b, h, kv_head, row;  ///< row = first query row
  int rows;

  int panel_rows(int p) const { return smaller(kPanelRows, rows - p * kPanelRows); }
  float* query_panel(int p) const {
    return buffers.queries + p * kPanelRows * round_up(a.head_dim, kTileRows);
  }
  float* output_panel(int p) const {
    return buffers.output + p * kPanelRows * round_up(a.value_dim, kTileRows);
  }
};

FA_NOINLINE void load_queries(const ForwardTask& t) {
  const Attention& a = t.a;
  for (int p = 0; p * kPanelRows < t.rows; ++p) {
    const char* from = row_address(a.q, a.element, t.b, t.h, t.row + p * kPanelRows);
    const int n = t.panel_rows(p);
    const int width = static_cast<int>(a.head_dim);
    const FloatRows rows = float_rows(a.element, from, a.q.row, n, width, width, t.buffers.rows);
    pack_panel(rows, n, width, score_units(a).query, t.query_panel(p));
  }
  for (int i = 0; i < round_up(t.rows, kPanelRows); ++i) {
    t.buffers.max[i] = kLowest;
    t.buffers.sum[i] = 0;
  }
  const int64_t size = round_up(t.rows, kPanelRows) * round_up(a.value_dim, kTileRows);
  __builtin_memset(t.buffers.output, 0, static_cast<size_t>(size) * 4);
}

FA_NOINLINE KeyBlock load_keys(const ForwardTask& t, int64_t key, int count) {
  const Attention& a = t.a;
  KeyBlock block;
  block.count = count;
  block.keys = float_rows(a.element, row_address(a.k, a.element, t.b, t.kv_head, key), a.k.row, count,
                          static_cast<int>(a.head_dim), a.head_dim, t.buffers.keys);
  const int value_dim = static_cast<int>(a.value_dim);
  block.values = float_rows(a.element, row_address(a.v, a.element, t.b, t.kv_head, key), a.v.row, count,
                            value_dim, value_dim, t.buffers.values);
  block.strips = t.buffers.strips;
  block.tail = t.buffers.tail;
  block.special = t.buffers.special;
  block.special_count = 0;
  pack_strips(block.values, count, value_dim, block.strips);
  if (a.mask.data || a.bias.data || !sees_all(a.band, t.row, t.rows, key, count)) {
    block.special_count = find_non_finite(block.values, count, value_dim, t.buffers.special);
    for (int n = 0; n < block.special_count; ++n)
      clear_strip_row(block.strips, count, value_dim, block.special[n]);
  }
  return block;
}

FA_NOINLINE void attend_block(const ForwardTask& t, int64_t key, int count) {
  const Attention& a = t.a;
  const KeyBlock block = load_keys(t, key, count);
  PanelStep step;
  step.depth = static_cast<int>(a.head_dim);
  step.value_dim = static_cast<int>(a.value_dim);
  step.units = score_units(a);
  step.scores = t.buffers.scores;
  step.factor = t.buffers.factor;
  for (int p = 0; p * kPanelRows < t.rows; ++p) {
    const int64_t row = t.row + p * kPanelRows;
    step.cut = cut_panel(a.band, row, t.panel_rows(p), key, count);
    if (step.cut.last[step.cut.vectors - 1] <= step.cut.first[0]) continue;
    step.addend = nullptr;
    if (a.mask.data || a.bias.data) {
      const AddendSource source = addend_source(a, t.b, t.h, row, key);
      const Visibility left = fill_addend(source, step.cut, t.panel_rows(p), t.buffers.addend);
      if (left == Visibility::nothing) continue;
      if (left == Visibility::some) step.addend = t.buffers.addend;
    }
    step.queries = t.query_panel(p);
    step.state =
        SoftmaxState{t.buffers.max + p * kPanelRows, t.buffers.sum + p * kPanelRows, t.output_panel(p)};
    attend_panel(step, block);
  }
}

FA_NOINLINE void store_output(const ForwardTask& t) {
  const Attention& a = t.a;
  float inverse[kPanelRows];
  const double natural = score_units(a).natural;  // double: the product must not be rounded before the sum
  for (int p = 0; p * kPanelRows < t.rows; ++p) {
    const float* max = t.buffers.max + p * kPanelRows;
    const float* sum = t.buffers.sum + p * kPanelRows;
    const int n = t.panel_rows(p);
    for (int i = 0; i < kPanelRows; ++i) inverse[i] = sum[i] == 0 ? 0 : 1 / sum[i];
    const int width = static_cast<int>(a.value_dim);
    char* out = row_address(a.out, a.element, t.b, t.h, t.row + p * kPanelRows);
    if (a.element == Element::float32) {
      unpack_panel(t.output_panel(p), n, width, inverse, reinterpret_cast<float*>(out), a.out.row);
    } else {
      unpack_panel(t.output_panel(p), n, width, inverse, t.buffers.rows, width);
      write_rows(a.element, t.buffers.rows, width, n, width, out, a.out.row);
    }
    const int64_t at = (t.b * a.query_heads + t.h) * a.query_length + t.row + p * kPanelRows;
    for (int i = 0; i < n; ++i) {
      if (a.lse)
        a.lse[at + i] =
            sum[i] == 0 ? -kInfinity : static_cast<float>(natural * max[i] + __builtin_logf(sum[i]));
      if (a.row_max) a.row_max[at + i] = max[i];
      if (a.row_sum) a.row_sum[at + i] = sum[i];
    }
  }
}

FA_NOINLINE void forward_task(void* context, int64_t index) {
  const ForwardPlan& plan = *static_cast<const ForwardPlan*>(context);
  const Attention& a = plan.a;
  float* slot = plan.scratch->take();
  Carver carver{slot};
  const int64_t heads = a.batch * a.query_heads;
  const int64_t b = index % heads / a.query_heads, h = index % heads % a.query_heads;
  const int64_t row = (plan.query_blocks - 1 - index / heads) * plan.query_block;  // long causal blocks first
  const int rows = static_cast<int>(smaller<int64_t>(plan.query_block, a.query_length - row));
  const ForwardTask task{plan, a,   ForwardBuffers(carver, plan), b, h, h / (a.query_heads / a.kv_heads),
                         row,  rows};
  load_queries(task);
  const BlockRange blocks = visible_blocks(a.band, static_cast<int>(row), rows, plan.key_block);
  for (int64_t block = blocks.begin; block < blocks.end; ++block) {
    const int64_t key = block * plan.key_block;
    const int64_t end = smaller<int64_t>(a.band.keys, row + rows + a.band.hi);
    attend_block(task, key, static_cast<int>(smaller<int64_t>(plan.key_block, end - key)));
  }
  store_output(task);
  plan.scratch->give(slot);
}

FA_ALWAYS_INLINE int64_t forward_slot(const ForwardPlan& plan) {
  Carver carver{nullptr};
  ForwardBuffers(carver, plan);
  return carver.used;
}

void forward(const Attention& a, const Executor& executor) {
  ForwardPlan plan = plan_forward(a);
  if (plan.tasks == 0) return;
  Scratch scratch(forward_slot(plan), slots_for(executor.threads, plan.tasks), 0);
  plan.scratch = &scratch;
  executor.run(executor.self, plan.tasks, forward_task, &plan);
}

int64_t forward_scratch(const Attention& a, int threads) {
  const ForwardPlan plan = plan_forward(a);
  return Scratch::bytes(forward_slot(plan), slots_for(threads, plan.tasks), 0);
}

Blocks forward_blocks(const Attention& a) {
  const ForwardPlan plan = plan_forward(a);
  return {plan.query_block, plan.key_block, plan.tasks};
}

}  // namespace
}  // namespace fa::cpu::FA_TARGET
