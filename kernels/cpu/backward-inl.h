// Fused backward: one pass, five products. A task owns the keys of a chunk of one kv head and goes through
// all query rows of the head's group, so dK and dV are summed in one place and in one order, with no atomics.
#pragma once
#include "backward_queries-inl.h"

namespace fa::cpu::FA_TARGET {
namespace {

FA_NOINLINE GradientBlock load_key_block(const QueryBlock& q, int64_t key, int count) {
  const Attention& a = q.a;
  const BackwardBuffers& w = q.buffers;
  GradientBlock block;
  block.count = count;
  block.depth = static_cast<int>(a.head_dim);
  block.value_depth = static_cast<int>(a.value_dim);
  block.keys = float_rows(a.element, row_address(a.k, a.element, q.chunk.b, q.chunk.kv_head, key), a.k.row,
                          count, block.depth, block.depth, w.keys);
  block.values = float_rows(a.element, row_address(a.v, a.element, q.chunk.b, q.chunk.kv_head, key), a.v.row,
                            count, block.value_depth, block.value_depth, w.values);
  block.strips = w.strips;
  block.key_tail = w.key_tail;
  block.value_tail = w.value_tail;
  block.special = w.special_keys;
  block.special_count = 0;
  pack_strips(block.keys, count, block.depth, block.strips);
  if (a.mask.data || a.bias.data || !sees_all(a.sequences[q.chunk.b].band, q.row, q.rows, key, count)) {
    block.special_count = find_non_finite(block.keys, count, block.depth, w.special_keys);
    for (int n = 0; n < block.special_count; ++n)
      clear_strip_row(block.strips, count, block.depth, block.special[n]);
  }
  return block;
}

/// The panel sees nothing of the block.
FA_NOINLINE void hide_panel(const GradientPanel& p) {
  for (int key = 0; key < p.cut.keys; ++key) {
    for (int v = 0; v < p.cut.vectors; ++v) {
      store(p.probabilities + key * p.stride + v * kLanes, broadcast(kHiddenProbability));
      store(p.d_scores + key * p.stride + v * kLanes, Vector{});
    }
  }
}

/// P, dS and dQ of all panels; false when no query sees a key of the block.
FA_NOINLINE bool differentiate_block(const QueryBlock& q, int64_t key, const GradientBlock& block) {
  const Attention& a = q.a;
  const BackwardBuffers& w = q.buffers;
  bool seen = false;
  for (int p = 0; p * kPanelRows < q.rows; ++p) {
    const int first = p * kPanelRows;
    GradientPanel panel;
    panel.cut = cut_panel(a.sequences[q.chunk.b].band, q.row + first, q.panel_rows(p), key, block.count);
    panel.units = score_units(a);
    panel.addend = nullptr;
    panel.queries = w.query_panels + q.key_panel(p);
    panel.d_out = w.d_out_panels + q.value_panel(p);
    panel.max = w.max + first;
    panel.inverse_sum = w.inverse_sum + first;
    panel.delta = w.delta + first;
    panel.probabilities = w.probabilities + first;
    panel.d_scores = w.d_scores + first;
    panel.stride = w.stride;
    panel.d_queries = w.d_query_panels + q.key_panel(p);
    if (a.mask.data || a.bias.data) {
      const AddendSource source = addend_source(a, q.chunk.b, q.h, q.row + first, key);
      const Visibility left = fill_addend(source, panel.cut, q.panel_rows(p), w.addend);
      if (left == Visibility::nothing) {
        hide_panel(panel);
        continue;
      }
      if (left == Visibility::some) panel.addend = w.addend;
    }
    seen = true;
    differentiate_panel(panel, block);
  }
  return seen;
}

FA_NOINLINE void sum_key_gradients(const QueryBlock& q, int64_t key, int count) {
  const Attention& a = q.a;
  const BackwardBuffers& w = q.buffers;
  const KeyChunk& c = q.chunk;
  const PanelBand cut = cut_panel(a.sequences[q.chunk.b].band, q.row, 1, key, count);
  const KeySum values{w.probabilities,  w.stride, q.d_out, c.d_values + (key - c.begin) * c.d_value_stride,
                      c.d_value_stride, count,    q.rows,  static_cast<int>(q.plan.value_width),
                      cut.lo,           cut.hi};
  const KeySum keys{w.d_scores,     w.stride, q.queries, c.d_keys + (key - c.begin) * c.d_key_stride,
                    c.d_key_stride, count,    q.rows,    static_cast<int>(q.plan.key_width),
                    cut.lo,         cut.hi};
  sum_into_keys(values);
  sum_into_keys(keys);
  const Rows& d_out = q.plan.g.d_out;
  for (int n = 0; n < q.special_d_out; ++n) {
    const int i = w.special_d_out[n];
    const char* row = row_address(d_out, a.element, c.b, q.h, q.row + i);
    read_rows(a.element, row, 0, 1, static_cast<int>(a.value_dim), w.special_row, q.plan.value_width);
    add_special_query(values, w.probabilities, i, w.special_row);
  }
  for (int n = 0; n < q.special_queries; ++n) {
    const int i = w.special_queries[n];
    const char* row = row_address(a.q, a.element, c.b, q.h, q.row + i);
    read_rows(a.element, row, 0, 1, static_cast<int>(a.head_dim), w.special_row, q.plan.key_width);
    add_special_query(keys, w.probabilities, i, w.special_row);
  }
}

FA_NOINLINE void store_d_queries(const QueryBlock& q) {
  const Attention& a = q.a;
  const int width = static_cast<int>(a.head_dim);
  float scale[kPanelRows];
  for (float& x : scale) x = a.scale;
  for (int p = 0; p * kPanelRows < q.rows; ++p) {
    const float* panel = q.buffers.d_query_panels + q.key_panel(p);
    const int n = q.panel_rows(p);
    char* out = row_address(q.plan.g.dq, a.element, q.chunk.b, q.h, q.row + p * kPanelRows);
    if (q.plan.partial) {
      const int64_t all = a.batch * a.query_heads * a.query_length;
      float* to = q.plan.partial + (q.chunk.index * all + state_index(q) + p * kPanelRows) * width;
      unpack_panel(panel, n, width, scale, to, width);
    } else if (a.element == Element::float32) {
      unpack_panel(panel, n, width, scale, reinterpret_cast<float*>(out), q.plan.g.dq.row);
    } else {
      unpack_panel(panel, n, width, scale, q.buffers.rows, width);
      write_rows(a.element, q.buffers.rows, width, n, width, out, q.plan.g.dq.row);
    }
  }
}

/// One query block against all keys of the chunk.
FA_NOINLINE void differentiate_queries(QueryBlock& q) {
  const KeyBand& band = q.a.sequences[q.chunk.b].band;
  const int64_t begin = larger(q.chunk.begin, q.row + band.lo);
  const int64_t end = smaller(smaller<int64_t>(q.chunk.end, band.keys), q.row + q.rows + band.hi);
  if (begin >= end) {
    const int64_t size = round_up(q.rows, kPanelRows) * round_up(q.a.head_dim, kTileRows);
    __builtin_memset(q.buffers.d_query_panels, 0, static_cast<size_t>(size) * 4);
    return store_d_queries(q);
  }
  load_query_block(q);
  // Blocks start at multiples of the block size whatever the band, so that shapes alone fix the order of all
  // sums.
  for (int64_t key = begin / q.plan.key_block * q.plan.key_block; key < end; key += q.plan.key_block) {
    const int count = static_cast<int>(smaller<int64_t>(q.plan.key_block, end - key));
    const GradientBlock block = load_key_block(q, key, count);
    if (differentiate_block(q, key, block)) sum_key_gradients(q, key, count);
  }
  store_d_queries(q);
}

FA_ALWAYS_INLINE void clear_sums(float* sums, int64_t stride, int64_t rows, int64_t width) {
  for (int64_t i = 0; i < rows; ++i) __builtin_memset(sums + i * stride, 0, static_cast<size_t>(width) * 4);
}

FA_NOINLINE void scale_sums(float* sums, int64_t stride, int64_t rows, int64_t width, float scale) {
  for (int64_t i = 0; i < rows; ++i)
    for (int64_t d = 0; d < width; d += kLanes)
      store(sums + i * stride + d, load(sums + i * stride + d) * scale);
}

/// The chunk of a task, its sums set to 0.
FA_NOINLINE KeyChunk open_chunk(const BackwardPlan& plan, const BackwardBuffers& buffers, int64_t index) {
  const Attention& a = plan.g.forward;
  KeyChunk c;
  c.b = index % plan.kv_heads / a.kv_heads;
  c.kv_head = index % plan.kv_heads % a.kv_heads;
  c.index = index / plan.kv_heads;
  c.begin = c.index * plan.chunk_keys;
  c.end = smaller<int64_t>(a.key_length, c.begin + plan.chunk_keys);
  c.d_keys = buffers.d_keys;
  c.d_key_stride = plan.key_width;
  c.d_values = buffers.d_values;
  c.d_value_stride = plan.value_width;
  if (plan.keys_in_place) {
    c.d_keys = reinterpret_cast<float*>(row_address(plan.g.dk, a.element, c.b, c.kv_head, c.begin));
    c.d_key_stride = plan.g.dk.row;
  }
  if (plan.values_in_place) {
    c.d_values = reinterpret_cast<float*>(row_address(plan.g.dv, a.element, c.b, c.kv_head, c.begin));
    c.d_value_stride = plan.g.dv.row;
  }
  clear_sums(c.d_keys, c.d_key_stride, c.end - c.begin, plan.key_width);
  clear_sums(c.d_values, c.d_value_stride, c.end - c.begin, plan.value_width);
  return c;
}

/// Scales dK; brings sums that are not in place to the outputs.
FA_NOINLINE void close_chunk(const BackwardPlan& plan, const KeyChunk& c) {
  const Attention& a = plan.g.forward;
  const int rows = static_cast<int>(c.end - c.begin);
  scale_sums(c.d_keys, c.d_key_stride, rows, plan.key_width, a.scale);
  if (!plan.keys_in_place)
    write_rows(a.element, c.d_keys, c.d_key_stride, rows, static_cast<int>(a.head_dim),
               row_address(plan.g.dk, a.element, c.b, c.kv_head, c.begin), plan.g.dk.row);
  if (!plan.values_in_place)
    write_rows(a.element, c.d_values, c.d_value_stride, rows, static_cast<int>(a.value_dim),
               row_address(plan.g.dv, a.element, c.b, c.kv_head, c.begin), plan.g.dv.row);
}

FA_NOINLINE void backward_task(void* context, int64_t index) {
  const BackwardPlan& plan = *static_cast<const BackwardPlan*>(context);
  const Attention& a = plan.g.forward;
  float* slot = plan.scratch->take();
  Carver carver{slot};
  const BackwardBuffers buffers(carver, plan);
  const KeyChunk chunk = open_chunk(plan, buffers, index);
  const int64_t group = a.query_heads / a.kv_heads;
  for (int64_t h = chunk.kv_head * group; h < (chunk.kv_head + 1) * group; ++h) {
    for (int64_t row = 0; row < a.query_length; row += plan.query_block) {
      const int count = static_cast<int>(smaller<int64_t>(plan.query_block, a.query_length - row));
      QueryBlock q{plan, a, buffers, chunk, h, row, count, {}, {}, 0, 0};
      differentiate_queries(q);
    }
  }
  close_chunk(plan, chunk);
  plan.scratch->give(slot);
}

constexpr int64_t kRowsPerSum = 256;

/// Sums the chunks' dQ in the order of the chunks; task = kRowsPerSum rows of one head.
FA_NOINLINE void sum_partial_task(void* context, int64_t index) {
  const BackwardPlan& plan = *static_cast<const BackwardPlan*>(context);
  const Attention& a = plan.g.forward;
  const int64_t blocks = (a.query_length + kRowsPerSum - 1) / kRowsPerSum;
  const int64_t head = index / blocks, row = index % blocks * kRowsPerSum;
  const int64_t rows = smaller(kRowsPerSum, a.query_length - row);
  const int64_t all = a.batch * a.query_heads * a.query_length * a.head_dim;
  float* sum = plan.partial + (head * a.query_length + row) * a.head_dim;
  for (int64_t c = 1; c < plan.chunks; ++c)
    for (int64_t i = 0; i < rows * a.head_dim; ++i) sum[i] += sum[c * all + i];
  write_rows(a.element, sum, a.head_dim, static_cast<int>(rows), static_cast<int>(a.head_dim),
             row_address(plan.g.dq, a.element, head / a.query_heads, head % a.query_heads, row),
             plan.g.dq.row);
}

FA_ALWAYS_INLINE int64_t backward_slot(const BackwardPlan& plan) {
  Carver carver{nullptr};
  BackwardBuffers(carver, plan);
  return carver.used;
}

FA_ALWAYS_INLINE int64_t partial_floats(const BackwardPlan& plan) {
  const Attention& a = plan.g.forward;
  return plan.chunks > 1 ? plan.chunks * a.batch * a.query_heads * a.query_length * a.head_dim : 0;
}

void backward(const AttentionGradients& g, const Executor& executor) {
  BackwardPlan plan = plan_backward(g);
  const Attention& a = g.forward;
  if (plan.kv_heads == 0) return;
  Scratch scratch(backward_slot(plan), slots_for(executor.threads, plan.tasks()), partial_floats(plan));
  plan.scratch = &scratch;
  if (plan.chunks > 1) plan.partial = scratch.shared();
  executor.run(executor.self, plan.tasks(), backward_task, &plan);
  if (!plan.partial) return;
  const int64_t blocks = (a.query_length + kRowsPerSum - 1) / kRowsPerSum;
  executor.run(executor.self, a.batch * a.query_heads * blocks, sum_partial_task, &plan);
}

int64_t backward_scratch(const AttentionGradients& g, int threads) {
  const BackwardPlan plan = plan_backward(g);
  return Scratch::bytes(backward_slot(plan), slots_for(threads, plan.tasks()), partial_floats(plan));
}

Blocks backward_blocks(const AttentionGradients& g) {
  const BackwardPlan plan = plan_backward(g);
  return {plan.query_block, plan.key_block, plan.tasks()};
}

}  // namespace
}  // namespace fa::cpu::FA_TARGET
