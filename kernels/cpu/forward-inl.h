// Fused forward: a task is a block of query rows of one head against all its keys.
#pragma once
#include "attend-inl.h"
#include "finish-inl.h"
#include "generated/tiles.h"
#include "load-inl.h"
#include "memory-inl.h"
#include "task_list-inl.h"

namespace fa::cpu::FA_TARGET {
namespace {

struct HeadBlock {
  int64_t head, block;  ///< block = index in ForwardPlan::blocks
};

struct ForwardPlan {
  const Attention& a;
  int query_block = 0, key_block = 0;
  int64_t most_blocks = 0;  ///< of query rows, over all sequences
  Scratch* scratch = nullptr;
  const TaskPlace* blocks = nullptr;
  int64_t count = 0;   ///< of `blocks`
  int64_t shared = 0;  ///< heads that all threads work on at the end

  int64_t most_tasks() const { return most_blocks * a.query_heads; }

  /// Head after head, because the blocks of one share its keys and values in the L2 cache. The last heads
  /// take turns instead, heaviest blocks first, so that no thread is left with a long task at the end.
  HeadBlock place(int64_t task) const {
    const int64_t alone = a.query_heads - shared, rest = task - alone * count;
    if (rest < 0) return {task / count, task % count};
    return {alone + rest % shared, rest / shared};
  }
};

/// Depends on the shape only. Few and short heads get smaller blocks, so that several threads find work.
FA_ALWAYS_INLINE ForwardPlan plan_forward(const Attention& a) {
  constexpr int64_t kCacheFloats = 128 * 1024;  // Q^T and O^T stay in half of a 1 MB L2 cache
  constexpr int64_t kWantedTasks = 16;
  ForwardPlan plan{a};
  plan.key_block = kForwardKeyBlock;
  plan.query_block = fit_block(kForwardQueryBlock, a.head_dim + a.value_dim, kCacheFloats);
  while (plan.query_block > 2 * kPanelRows && plan.query_block > 96 &&
         a.query_heads * most_blocks(a, plan.query_block) < kWantedTasks)
    plan.query_block = static_cast<int>(round_up(plan.query_block / 2, kPanelRows));
  plan.most_blocks = most_blocks(a, plan.query_block);
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
    addend = c.take(has_addend(a) ? key_rows * kPanelRows : 0);
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
  const Sequence& sequence;
  ForwardBuffers buffers;
  int64_t b, h, kv_head, row;  ///< row = first query row
  int rows;
  int64_t end;  ///< of the keys that any row sees

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
    const int n = t.panel_rows(p);
    const FloatRows rows = query_rows(a, t.b, t.h, t.row + p * kPanelRows, n, a.head_dim, t.buffers.rows);
    pack_panel(rows, n, static_cast<int>(a.head_dim), score_units(a).query, t.query_panel(p));
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
  const KeyPlace place{t.b, t.kv_head, key, count};
  const int value_dim = static_cast<int>(a.value_dim);
  block.keys = key_rows(a, place, t.buffers.keys);
  block.values = value_rows(a, place, t.buffers.values);
  block.strips = t.buffers.strips;
  block.tail = t.buffers.tail;
  block.special = t.buffers.special;
  block.special_count = 0;
  pack_strips(block.values, count, value_dim, block.strips);
  if (has_addend(a) || !sees_all(t.sequence.band, t.row, t.rows, key, count)) {
    block.special_count = find_non_finite(block.values, count, value_dim, t.buffers.special);
    for (int n = 0; n < block.special_count; ++n)
      clear_strip_row(block.strips, count, value_dim, block.special[n]);
  }
  return block;
}

/// Fetches the rows that a panel will be written to: stores to memory that is far away would stall.
FA_ALWAYS_INLINE void prefetch_output(const ForwardTask& t, int p) {
  const int64_t size = size_of(t.a.element), bytes = t.a.value_dim * size;
  const char* row = query_address(t.a, t.a.out, t.b, t.h, t.row + p * kPanelRows);
  for (int i = 0; i < t.panel_rows(p); ++i, row += t.a.out.row * size)
    for (int64_t line = 0; line < bytes; line += 64) __builtin_prefetch(row + line, 1);
}

/// Fetches the bias that the panel after panel p will meet, be it in this block of keys or in the next.
FA_NOINLINE void prefetch_next_bias(const ForwardTask& t, int p, int64_t key, int count) {
  int64_t row = t.row + (p + 1) * kPanelRows;
  if (row >= t.row + t.rows) {
    row = t.row;
    key += count;
    count = static_cast<int>(smaller<int64_t>(t.plan.key_block, t.end - key));
    if (count <= 0) return;
  }
  const int rows = t.panel_rows(static_cast<int>((row - t.row) / kPanelRows));
  prefetch_bias(addend_source(t.a, t.b, t.h, row, key), cut_panel(t.sequence.band, row, rows, key, count),
                rows);
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
    if (key + count == t.end) prefetch_output(t, p);
    step.cut = cut_panel(t.sequence.band, row, t.panel_rows(p), key, count);
    if (step.cut.last[step.cut.vectors - 1] <= step.cut.first[0]) continue;
    step.addend = nullptr;
    if (has_addend(a)) {
      if (a.bias.data) prefetch_next_bias(t, p, key, count);
      const AddendSource source = addend_source(a, t.b, t.h, row, key);
      const Visibility left = fill_addend(source, step.cut, t.panel_rows(p), t.buffers.addend);
      if (left == Visibility::nothing) continue;
      if (left == Visibility::some) step.addend = t.buffers.addend;
    }
    step.keep = keep_source(a, t.b, t.h, row, key);
    step.queries = t.query_panel(p);
    step.state =
        SoftmaxState{t.buffers.max + p * kPanelRows, t.buffers.sum + p * kPanelRows, t.output_panel(p)};
    attend_panel(step, block);
  }
}

FA_NOINLINE void store_output(const ForwardTask& t) {
  const Attention& a = t.a;
  const int width = static_cast<int>(a.value_dim);
  for (int p = 0; p * kPanelRows < t.rows; ++p) {
    const int64_t row = t.row + p * kPanelRows, at = state_index(a, t.b, t.h, row);
    const int n = t.panel_rows(p);
    float inverse[kPanelRows];
    finish_rows(a, t.h, at, n, {t.buffers.max + p * kPanelRows, t.buffers.sum + p * kPanelRows}, inverse);
    char* out = query_address(a, a.out, t.b, t.h, row);
    if (a.element == Element::float32) {
      unpack_panel(t.output_panel(p), n, width, inverse, reinterpret_cast<float*>(out), a.out.row);
    } else {
      unpack_panel(t.output_panel(p), n, width, inverse, t.buffers.rows, width);
      write_rows(a.element, t.buffers.rows, width, n, width, out, a.out.row);
    }
  }
}

FA_NOINLINE void forward_task(void* context, int64_t index) {
  const ForwardPlan& plan = *static_cast<const ForwardPlan*>(context);
  const Attention& a = plan.a;
  float* slot = plan.scratch->take();
  Carver carver{slot};
  const HeadBlock at = plan.place(index);
  const TaskPlace place = plan.blocks[at.block];
  const Sequence& sequence = a.sequences[place.sequence];
  const int64_t h = at.head, row = int64_t{place.block} * plan.query_block;
  const int rows = static_cast<int>(smaller<int64_t>(plan.query_block, sequence.queries - row));
  const ForwardTask task{plan,
                         a,
                         sequence,
                         ForwardBuffers(carver, plan),
                         place.sequence,
                         h,
                         h / (a.query_heads / a.kv_heads),
                         row,
                         rows,
                         smaller<int64_t>(sequence.band.keys, row + rows + sequence.band.hi)};
  load_queries(task);
  const BlockRange blocks = visible_blocks(sequence.band, static_cast<int>(row), rows, plan.key_block);
  for (int64_t block = blocks.begin; block < blocks.end; ++block) {
    const int64_t key = block * plan.key_block;
    attend_block(task, key, static_cast<int>(smaller<int64_t>(plan.key_block, task.end - key)));
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
  if (plan.most_tasks() == 0) return;
  Scratch scratch(forward_slot(plan), slots_for(executor.threads, plan.most_tasks()),
                  list_floats(plan.most_blocks));
  plan.scratch = &scratch;
  TaskPlace* blocks = reinterpret_cast<TaskPlace*>(scratch.shared());
  plan.blocks = blocks;
  plan.count = list_blocks(a, ListShape{plan.query_block, plan.key_block}, blocks);
  plan.shared = smaller<int64_t>(a.query_heads, 2 * (executor.threads - 1));
  executor.run(executor.self, plan.count * a.query_heads, forward_task, &plan);
}

int64_t forward_scratch(const Attention& a, int threads) {
  const ForwardPlan plan = plan_forward(a);
  return Scratch::bytes(forward_slot(plan), slots_for(threads, plan.most_tasks()),
                        list_floats(plan.most_blocks));
}

Blocks forward_blocks(const Attention& a) {
  const ForwardPlan plan = plan_forward(a);
  return {plan.query_block, plan.key_block, plan.most_tasks()};
}

}  // namespace
}  // namespace fa::cpu::FA_TARGET
