// Fused backward: one pass, five products. A task owns the keys of a chunk of one kv head and goes through
// all query rows of the head's group, so dK and dV are summed in one place and in one order, with no atomics.
#pragma once
#include "backward_block-inl.h"
#include "head_sums-inl.h"

namespace fa::cpu::FA_TARGET {
namespace {

FA_ALWAYS_INLINE void clear_sums(float* sums, int64_t stride, int64_t rows, int64_t width) {
  for (int64_t i = 0; i < rows; ++i) __builtin_memset(sums + i * stride, 0, static_cast<size_t>(width) * 4);
}

FA_NOINLINE void scale_sums(float* sums, int64_t stride, int64_t rows, int64_t width, float scale) {
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t d = 0; d < width; d += kLanes)
      store(sums + i * stride + d, load(sums + i * stride + d) * scale);
}

/// Where dK and dV of a chunk are summed: in the outputs, in the task's buffers, or where they outlive the
/// task.
FA_NOINLINE void place_sums(const BackwardPlan& plan, const BackwardBuffers& buffers, KeyChunk& c) {
  const Attention& a = plan.g.forward;
  const int64_t first = (a.packed ? a.sequences[c.b].first_key : c.b * a.key_length) + c.begin;
  const int64_t token = c.kv_head * plan.key_tokens() + first;
  c.d_keys = plan.key_sums ? plan.key_sums + token * plan.key_width : buffers.d_keys;
  c.d_key_stride = plan.key_width;
  c.d_values = plan.value_sums ? plan.value_sums + token * plan.value_width : buffers.d_values;
  c.d_value_stride = plan.value_width;
  if (plan.keys_in_place) {
    c.d_keys = reinterpret_cast<float*>(key_address(a, plan.g.dk, c.b, c.kv_head, c.begin));
    c.d_key_stride = plan.g.dk.row;
  }
  if (plan.values_in_place) {
    c.d_values = reinterpret_cast<float*>(key_address(a, plan.g.dv, c.b, c.kv_head, c.begin));
    c.d_value_stride = plan.g.dv.row;
  }
}

/// Brings the sums to the outputs: scaled, turned back, rounded.
FA_NOINLINE void close_chunk(const BackwardPlan& plan, const KeyChunk& c) {
  const Attention& a = plan.g.forward;
  const int rows = static_cast<int>(c.end - c.begin);
  scale_sums(c.d_keys, c.d_key_stride, rows, plan.key_width, a.scale);
  // Keys at and past the length have no position, and nothing to turn.
  const int64_t turned = smaller<int64_t>(rows, a.sequences[c.b].band.keys - c.begin);
  if (a.rotation.pairs && turned > 0)
    rotate_keys(a, c.b, c.begin, static_cast<int>(turned), Turn::back, c.d_keys, c.d_key_stride);
  if (!plan.keys_in_place)
    write_rows(a.element, c.d_keys, c.d_key_stride, rows, static_cast<int>(a.head_dim),
               key_address(a, plan.g.dk, c.b, c.kv_head, c.begin), plan.g.dk.row);
  if (!plan.values_in_place)
    write_rows(a.element, c.d_values, c.d_value_stride, rows, static_cast<int>(a.value_dim),
               key_address(a, plan.g.dv, c.b, c.kv_head, c.begin), plan.g.dv.row);
}

/// Chunks of the cut sequences before sequence b.
FA_ALWAYS_INLINE int64_t cut_chunks_before(const BackwardPlan& plan, int64_t b) {
  int64_t chunks = 0;
  for (int64_t other = 0; other < b; ++other)
    if (is_cut(plan, other)) chunks += chunks_of(plan, other);
  return chunks;
}

/// What a task is made of.
struct BackwardTask {
  const BackwardPlan& plan;
  const BackwardBuffers& buffers;
  int64_t chunk, part, group;
};

/// The keys of one kv head of the task's group.
FA_ALWAYS_INLINE KeyChunk key_chunk(const BackwardTask& t, int64_t member) {
  const BackwardPlan& plan = t.plan;
  KeyChunk c;
  c.b = t.group / plan.head_groups() + member / plan.shared_heads;
  c.kv_head = t.group % plan.head_groups() + member % plan.shared_heads;
  c.index = t.chunk;
  c.part = t.part;
  c.cut_chunk = is_cut(plan, c.b) ? cut_chunks_before(plan, c.b) + c.index : -1;
  c.begin = c.index * plan.chunk_keys;
  c.end = smaller<int64_t>(plan.g.forward.sequences[c.b].stored_keys, c.begin + plan.chunk_keys);
  return c;
}

/// All query rows of this phase that a chunk meets.
FA_NOINLINE void differentiate_chunk(const BackwardTask& t, KeyChunk& chunk) {
  const BackwardPlan& plan = t.plan;
  const Attention& a = plan.g.forward;
  const Sequence& s = a.sequences[chunk.b];
  const bool cut = chunk.cut_chunk >= 0;
  // A sequence without keys still has rows, whose dQ is 0.
  if (chunk.index > 0 ? chunk.begin >= chunk.end : s.queries == 0 && s.stored_keys == 0) return;
  if (!cut && plan.phase > 0) return;
  place_sums(plan, t.buffers, chunk);
  if (plan.phase == 0) {
    clear_sums(chunk.d_keys, chunk.d_key_stride, chunk.end - chunk.begin, plan.key_width);
    clear_sums(chunk.d_values, chunk.d_value_stride, chunk.end - chunk.begin, plan.value_width);
  }
  const int64_t first = plan.phase * plan.phase_rows;
  const int64_t last = cut ? smaller<int64_t>(s.queries, first + plan.phase_rows) : s.queries;
  const int64_t group = a.query_heads / a.kv_heads;
  for (int64_t h = chunk.kv_head * group; h < (chunk.kv_head + 1) * group; ++h) {
    for (int64_t row = first; row < last; row += plan.query_block) {
      const int count = static_cast<int>(smaller<int64_t>(plan.query_block, last - row));
      QueryBlock q{plan, a, t.buffers, chunk, h, row, count, {}, {}, 0, 0};
      differentiate_queries(q);
    }
  }
  if (!cut || plan.phase == plan.phases - 1) close_chunk(plan, chunk);
}

FA_NOINLINE void backward_task(void* context, int64_t index) {
  const BackwardPlan& plan = *static_cast<const BackwardPlan*>(context);
  float* slot = plan.scratch->take();
  Carver carver{slot};
  const BackwardBuffers buffers(carver, plan);
  const int64_t groups = plan.groups();
  const BackwardTask task{plan, buffers, index / groups / plan.parts, index / groups % plan.parts,
                          index % groups};
  const int64_t share = (plan.members() + plan.parts - 1) / plan.parts;
  const int64_t end = smaller(plan.members(), (task.part + 1) * share);
  for (int64_t member = task.part * share; member < end; ++member) {
    KeyChunk chunk = key_chunk(task, member);
    differentiate_chunk(task, chunk);
  }
  plan.scratch->give(slot);
}

constexpr int64_t kRowsPerSum = 256;

/// Sums the chunks' dQ in the order of the chunks; task = kRowsPerSum rows of one head in this phase.
FA_NOINLINE void sum_partial_task(void* context, int64_t index) {
  const BackwardPlan& plan = *static_cast<const BackwardPlan*>(context);
  const Attention& a = plan.g.forward;
  const int64_t blocks = (plan.phase_rows + kRowsPerSum - 1) / kRowsPerSum;
  const int64_t head = index / blocks, b = head / a.query_heads, h = head % a.query_heads;
  const int64_t end = smaller<int64_t>(a.sequences[b].queries, (plan.phase + 1) * plan.phase_rows);
  const int64_t row = plan.phase * plan.phase_rows + index % blocks * kRowsPerSum;
  if (!is_cut(plan, b) || row >= end) return;
  const int rows = static_cast<int>(smaller(kRowsPerSum, end - row));
  const int64_t first = cut_chunks_before(plan, b);
  float* sum = partial_row(plan, first, h, row);
  for (int64_t c = 1; c < chunks_of(plan, b); ++c) {
    const float* more = partial_row(plan, first + c, h, row);
    for (int64_t i = 0; i < rows * a.head_dim; ++i) sum[i] += more[i];
  }
  if (a.rotation.pairs) rotate_queries(a, b, row, rows, Turn::back, sum, a.head_dim);
  write_rows(a.element, sum, a.head_dim, rows, static_cast<int>(a.head_dim),
             query_address(a, plan.g.dq, b, h, row), plan.g.dq.row);
}

FA_ALWAYS_INLINE int64_t backward_slot(const BackwardPlan& plan) {
  Carver carver{nullptr};
  BackwardBuffers(carver, plan);
  return carver.used;
}

/// Memory that the tasks of a call share. Returns its size; `base` may be null.
FA_NOINLINE int64_t share_memory(BackwardPlan& plan, float* base) {
  const Attention& a = plan.g.forward;
  const bool cut = plan.phases > 1;
  Carver carver{base};
  plan.partial = carver.take(plan.cut_chunks * a.query_heads * plan.phase_rows * a.head_dim);
  const int64_t tokens = a.kv_heads * plan.key_tokens();
  float* keys = carver.take(cut && !plan.keys_in_place ? tokens * plan.key_width : 0);
  float* values = carver.take(cut && !plan.values_in_place ? tokens * plan.value_width : 0);
  plan.key_sums = cut ? keys : nullptr;
  plan.value_sums = cut ? values : nullptr;
  const int64_t heads = a.batch * a.query_heads;
  plan.slope_sums =
      reinterpret_cast<double*>(carver.take(plan.g.d_alibi_slopes ? 2 * plan.chunks * heads : 0));
  plan.sink_sums = reinterpret_cast<double*>(carver.take(plan.g.d_sinks ? 2 * heads : 0));
  const int64_t bias = plan.g.d_bias ? plan.bias_elements() : 0;
  const bool rows = plan.g.bias_shape[2] == 1;
  plan.bias_parts = carver.take(rows ? 0 : (plan.parts - 1) * bias);
  plan.bias_rows = reinterpret_cast<double*>(carver.take(rows ? 2 * plan.parts * bias : 0));
  return carver.used;
}

FA_ALWAYS_INLINE int backward_slots(const BackwardPlan& plan, int threads) {
  const int64_t heads = plan.g.d_sinks ? plan.g.forward.batch * plan.g.forward.query_heads : 0;
  return slots_for(threads, larger(plan.tasks(), heads));
}

FA_NOINLINE void run_backward(BackwardPlan& plan, const Executor& executor) {
  const Attention& a = plan.g.forward;
  Scratch scratch(backward_slot(plan), backward_slots(plan, executor.threads), share_memory(plan, nullptr));
  plan.scratch = &scratch;
  share_memory(plan, scratch.shared());
  clear_slope_sums(plan);
  clear_bias_sums(plan, executor);
  for (plan.phase = 0; plan.phase < plan.phases; ++plan.phase) {
    executor.run(executor.self, plan.tasks(), backward_task, &plan);
    if (plan.cut_chunks == 0) continue;
    const int64_t blocks = (plan.phase_rows + kRowsPerSum - 1) / kRowsPerSum;
    executor.run(executor.self, a.batch * a.query_heads * blocks, sum_partial_task, &plan);
  }
  finish_bias(plan, executor);
  differentiate_sinks(plan, executor);
  if (plan.g.d_alibi_slopes) finish_slopes(plan);
}

void backward(const AttentionGradients& g, const Executor& executor) {
  BackwardPlan plan = plan_backward(g);
  plan.differentiate = differentiate_range;
  run_backward(plan, executor);
}

FA_NOINLINE int64_t scratch_of(BackwardPlan& plan, int threads) {
  return Scratch::bytes(backward_slot(plan), backward_slots(plan, threads), share_memory(plan, nullptr));
}

int64_t backward_scratch(const AttentionGradients& g, int threads) {
  BackwardPlan plan = plan_backward(g);
  return scratch_of(plan, threads);
}

Blocks backward_blocks(const AttentionGradients& g) {
  const BackwardPlan plan = plan_backward(g);
  return {plan.query_block, plan.key_block, plan.tasks()};
}

}  // namespace
}  // namespace fa::cpu::FA_TARGET
