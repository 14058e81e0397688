// Forward of 16-bit tensors with products of bricks: a task is a block of query rows of one head.
#pragma once
#include "amx_attend-inl.h"
#include "forward-inl.h"
#include "half_rows-inl.h"

namespace fa::cpu::FA_TARGET {
namespace {

struct BrickForwardBuffers {
  uint16_t *queries, *probabilities, *keys, *values, *rows16;
  float *output, *max, *sum, *factor, *scores, *addend, *rows;
  int32_t* special;

  BrickForwardBuffers(Carver& c, const ForwardPlan& plan, int parts) {
    const Attention& a = plan.a;
    const int64_t depth = round_up(a.head_dim, kBrickDepth), columns = round_up(a.value_dim, kBrickRows);
    const int64_t key_rows = round_up(plan.key_block, kBrickDepth);
    queries = take_halves(c, depth * plan.query_block * parts);
    keys = take_halves(c, depth * key_rows * parts);
    values = take_halves(c, columns * key_rows * parts);
    probabilities = take_halves(c, key_rows * kPanelRows * kPanelParts);
    rows16 = take_halves(c, a.storage.pages ? key_rows * larger(a.head_dim, a.value_dim) : 0);
    output = c.take(columns * plan.query_block);
    max = c.take(plan.query_block);
    sum = c.take(plan.query_block);
    scores = c.take(key_rows * kPanelRows);
    addend = c.take(has_addend(a) ? key_rows * kPanelRows : 0);
    rows = c.take(kPanelRows * a.value_dim);
    special = reinterpret_cast<int32_t*>(c.take(kPanelRows));
  }
};

struct BrickForwardPlan {
  ForwardPlan forward;
  int odd = 0;  ///< some output was not finite
};

template <Element kElement>
struct BrickForwardTask {
  static constexpr int kParts = kPartsOf<kElement>;
  const Attention& a;
  const ForwardPlan& plan;
  const Sequence& sequence;
  const BrickForwardBuffers& buffers;
  int64_t b, h, kv_head, row;  ///< row = first query row
  int rows;

  int64_t depth() const { return bricks_of(a.head_dim, kBrickDepth); }
  int64_t columns() const { return bricks_of(a.value_dim, kBrickRows); }
  int panel_rows(int p) const { return smaller(kPanelRows, rows - p * kPanelRows); }
  uint16_t* query_panel(int p) const {
    return buffers.queries + p * kPanelVectors * depth() * kParts * kBrick;
  }
  float* output_panel(int p) const { return buffers.output + p * kPanelRows * columns() * kBrickRows; }
};

template <Element kElement>
FA_NOINLINE void load_queries(const BrickForwardTask<kElement>& t) {
  const Attention& a = t.a;
  const HalfRows rows{query_address(a, a.q, t.b, t.h, t.row), a.q.row, t.rows, static_cast<int>(a.head_dim)};
  pack_row_bricks<kElement, true>(rows, t.buffers.queries);
  for (int i = 0; i < round_up(t.rows, kPanelRows); ++i) {
    t.buffers.max[i] = kLowest;
    t.buffers.sum[i] = 0;
  }
  const int64_t size = round_up(t.rows, kPanelRows) * t.columns() * kBrickRows;
  __builtin_memset(t.buffers.output, 0, static_cast<size_t>(size) * 4);
}

template <Element kElement>
FA_NOINLINE void attend_block(const BrickForwardTask<kElement>& t, int64_t key, int count) {
  const Attention& a = t.a;
  const BrickForwardBuffers& w = t.buffers;
  const KeyPlace place{t.b, t.kv_head, key, count};
  pack_row_bricks<kElement, false>(stored_half_rows(a, a.k, place, a.head_dim, w.rows16), w.keys);
  pack_column_bricks<kElement, true>(stored_half_rows(a, a.v, place, a.value_dim, w.rows16), w.values);
  const BrickKeys keys{w.keys, w.values, t.depth(), t.columns()};
  BrickStep step;
  step.units = score_units(a);
  step.scores = w.scores;
  step.probabilities = w.probabilities;
  for (int p = 0; p * kPanelRows < t.rows; ++p) {
    const int64_t row = t.row + p * kPanelRows;
    step.cut = cut_panel(t.sequence.band, row, t.panel_rows(p), key, count);
    if (step.cut.last[step.cut.vectors - 1] <= step.cut.first[0]) continue;
    step.addend = nullptr;
    if (has_addend(a)) {
      const AddendSource source = addend_source(a, t.b, t.h, row, key);
      const Visibility left = fill_addend(source, step.cut, t.panel_rows(p), w.addend);
      if (left == Visibility::nothing) continue;
      if (left == Visibility::some) step.addend = w.addend;
    }
    step.keep = keep_source(a, t.b, t.h, row, key);
    step.queries = t.query_panel(p);
    step.state = SoftmaxState{w.max + p * kPanelRows, w.sum + p * kPanelRows, t.output_panel(p)};
    attend_panel<t.kParts>(step, keys);
  }
}

/// Returns whether all of it is finite.
template <Element kElement>
FA_NOINLINE bool store_output(const BrickForwardTask<kElement>& t) {
  const Attention& a = t.a;
  const int width = static_cast<int>(a.value_dim);
  int odd = 0;
  for (int p = 0; p * kPanelRows < t.rows; ++p) {
    const int64_t row = t.row + p * kPanelRows;
    const int n = t.panel_rows(p);
    float inverse[kPanelRows];
    finish_rows(a, t.h, state_index(a, t.b, t.h, row), n,
                {t.buffers.max + p * kPanelRows, t.buffers.sum + p * kPanelRows}, inverse);
    unpack_panel(t.output_panel(p), n, width, inverse, t.buffers.rows, width);
    odd += find_non_finite(FloatRows{t.buffers.rows, width}, n, width, t.buffers.special);
    write_rows<kElement>(t.buffers.rows, width, n, width, query_address(a, a.out, t.b, t.h, row), a.out.row);
  }
  return odd == 0;
}

template <Element kElement>
FA_NOINLINE void brick_forward_task(void* context, int64_t index) {
  BrickForwardPlan& all = *static_cast<BrickForwardPlan*>(context);
  const ForwardPlan& plan = all.forward;
  const Attention& a = plan.a;
  float* slot = plan.scratch->take();
  Carver carver{slot};
  const BrickForwardBuffers buffers(carver, plan, kPartsOf<kElement>);
  const TaskPlace place = plan.blocks[index / a.query_heads];
  const Sequence& sequence = a.sequences[place.sequence];
  const int64_t h = index % a.query_heads, row = int64_t{place.block} * plan.query_block;
  const int rows = static_cast<int>(smaller<int64_t>(plan.query_block, sequence.queries - row));
  const BrickForwardTask<kElement> task{
      a, plan, sequence, buffers, place.sequence, h, h / (a.query_heads / a.kv_heads), row, rows};
  const TileRegisters registers;
  load_queries(task);
  const BlockRange blocks = visible_blocks(sequence.band, static_cast<int>(row), rows, plan.key_block);
  for (int64_t block = blocks.begin; block < blocks.end; ++block) {
    const int64_t key = block * plan.key_block;
    const int64_t end = smaller<int64_t>(sequence.band.keys, row + rows + sequence.band.hi);
    attend_block(task, key, static_cast<int>(smaller<int64_t>(plan.key_block, end - key)));
  }
  if (!store_output(task)) __atomic_store_n(&all.odd, 1, __ATOMIC_RELAXED);
  plan.scratch->give(slot);
}

FA_ALWAYS_INLINE ForwardPlan plan_brick_forward(const Attention& a) {
  constexpr int kManyRows = 512;  // share the work of packing keys, if enough tasks are left for all threads
  constexpr int64_t kLeastTasks = 16;
  ForwardPlan plan = plan_forward(a);
  const int64_t blocks = most_blocks(a, kManyRows);
  if (plan.query_block == kForwardQueryBlock && a.query_heads * blocks >= kLeastTasks) {
    plan.query_block = kManyRows;
    plan.most_blocks = blocks;
  }
  plan.key_block = 64;  // scores and probabilities of a panel stay in the L1 cache
  return plan;
}

FA_ALWAYS_INLINE int64_t brick_forward_slot(const ForwardPlan& plan) {
  Carver carver{nullptr};
  BrickForwardBuffers(carver, plan, plan.a.element == Element::bfloat16 ? 1 : 2);
  return carver.used;
}

/// False when something in the output is not finite: then the parts of an infinity may have made a NaN of it,
/// and the call is one for kernels that do not split values.
bool brick_forward(const Attention& a, const Executor& executor) {
  BrickForwardPlan all{plan_brick_forward(a)};
  ForwardPlan& plan = all.forward;
  if (plan.most_tasks() == 0) return true;
  Scratch scratch(brick_forward_slot(plan), slots_for(executor.threads, plan.most_tasks()),
                  list_floats(plan.most_blocks));
  plan.scratch = &scratch;
  TaskPlace* blocks = reinterpret_cast<TaskPlace*>(scratch.shared());
  plan.blocks = blocks;
  const int64_t count = list_blocks(a, ListShape{plan.query_block, plan.key_block}, blocks);
  executor.run(executor.self, count * a.query_heads,
               a.element == Element::bfloat16 ? brick_forward_task<Element::bfloat16>
                                              : brick_forward_task<Element::float16>,
               &all);
  return all.odd == 0;
}

int64_t brick_forward_scratch(const Attention& a, int threads) {
  const ForwardPlan plan = plan_brick_forward(a);
  return Scratch::bytes(brick_forward_slot(plan), slots_for(threads, plan.most_tasks()),
                        list_floats(plan.most_blocks));
}

}  // namespace
}  // namespace fa::cpu::FA_TARGET
