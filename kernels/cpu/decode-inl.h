// Forward for few query rows: a task goes once through a split of the keys of one kv head, for all query
// heads of the group, at the speed of memory.
#pragma once
#include "decode_plan-inl.h"

namespace fa::cpu::FA_TARGET {
namespace {

struct DecodeTask {
  const DecodePlan& plan;
  const Attention& a;
  const Sequence& sequence;
  DecodePiece piece;
  DecodeBuffers buffers;
  RowStates states;
};

FA_NOINLINE void load_query_rows(const DecodeTask& t) {
  const Attention& a = t.a;
  const DecodePiece& p = t.piece;
  const float factor = score_units(a).query;
  float* to = t.buffers.queries;
  for (int h = 0; h < p.heads; ++h) {
    const FloatRows rows = query_rows(a, p.b, p.first_head + h, p.row, p.queries, a.head_dim, to);
    for (int64_t i = 0; i < p.queries * a.head_dim; ++i) to[i] = rows.data[i] * factor;
    to += p.queries * a.head_dim;
  }
  for (int r = 0; r < p.rows(); ++r) t.states.max[r] = kLowest;
  __builtin_memset(t.states.sum, 0, static_cast<size_t>(p.rows()) * kLanes * 4);
  __builtin_memset(t.states.output, 0, static_cast<size_t>(p.rows() * t.plan.output_stride()) * 4);
}

/// What a block of keys needs beside q and k.
struct BlockEdge {
  Visibility visible;
  Edge edge;
};

/// Fills the addend rows of a block where there is anything to add or hide.
FA_NOINLINE BlockEdge fill_addend_rows(const DecodeTask& t, int64_t key, int keys) {
  const Attention& a = t.a;
  const DecodePiece& p = t.piece;
  const KeyBand& band = t.sequence.band;
  if (!has_addend(a) && sees_all(band, p.row, p.queries, key, keys))
    return BlockEdge{Visibility::everything, Edge::none};
  AddendWatch watch;
  float* to = t.buffers.addend;
  for (int h = 0; h < p.heads; ++h) {
    for (int i = 0; i < p.queries; ++i, to += kDecodeKeyBlock) {
      const AddendSource source = addend_source(a, p.b, p.first_head + h, p.row + i, key);
      fill_addend_row(source, cut_row(band, p.row + i, key, keys), watch, to);
    }
  }
  const Visibility visible = watch.result(false);
  const bool adds = a.bias.data || a.alibi_slopes;
  if (visible == Visibility::everything && !adds) return BlockEdge{visible, Edge::none};
  return BlockEdge{visible, has_addend(a) ? Edge::addend : Edge::band};
}

/// Calls visit.template operator()<kRows>(row) for tiles of kMost rows, then for halves of it.
template <int kMost, class Visit>
FA_ALWAYS_INLINE void for_each_row_tile(int rows, Visit&& visit) {
  int row = 0;
  for (; row + kMost <= rows; row += kMost) visit.template operator()<kMost>(row);
  if (kMost > 4 && row + 4 <= rows) {
    visit.template operator()<4>(row);
    row += 4;
  }
  if (row + 2 <= rows) {
    visit.template operator()<2>(row);
    row += 2;
  }
  if (row < rows) visit.template operator()<1>(row);
}

/// Query rows that keys are transposed for at a time.
constexpr int kTransposedRows = kRegisters == 32 ? 8 : 4;

FA_NOINLINE void score_block(const DecodeTask& t, const BlockEdge& edge, int keys, Ahead ahead) {
  const Attention& a = t.a;
  const ScoreUnits units = score_units(a);
  const DecodeBuffers& buffers = t.buffers;
  const int depth = static_cast<int>(a.head_dim);
  for_each_row_tile<kTransposedRows>(t.piece.rows(), [&]<int kRows>(int row) FA_INLINE_LAMBDA {
    const RowTile rows{*buffers.key_rows,
                       keys,
                       buffers.queries + row * depth,
                       depth,
                       buffers.scores + row * kDecodeKeyBlock,
                       ahead};
    with_stored(buffers.key_rows->stored,
                [&]<Stored kStored>() FA_INLINE_LAMBDA { multiply_rows<kStored, kRows>(rows); });
  });
  TileEdge row{};
  row.product = units.product;
  row.cap = units.cap;
  row.cap_scale = units.cap_scale;
  row.cap_slope = units.cap_slope;
  for (int r = 0; r < t.piece.rows(); ++r) {
    row.addend = buffers.addend + r * kDecodeKeyBlock;
    finish_row_scores(edge.edge, row, keys, buffers.scores + r * kDecodeKeyBlock);
  }
}

/// Scores of a block to probabilities; older output is brought under the new maximum.
FA_NOINLINE void exponentiate_block(const DecodeTask& t, int64_t key, int keys) {
  const Attention& a = t.a;
  const DecodePiece& p = t.piece;
  const float exponent = score_units(a).exponent;
  const int64_t stride = t.plan.output_stride();
  for (int r = 0; r < p.rows(); ++r) {
    float* scores = t.buffers.scores + r * kDecodeKeyBlock;
    float* sum = t.states.sum + r * kLanes;
    const float factor = exponentiate_row(keys, exponent, scores, t.states.max[r], sum);
    if (factor != 1) {
      float* output = t.states.output + r * stride;
      for (int64_t d = 0; d < stride; d += kLanes) store(output + d, load(output + d) * factor);
    }
    if (a.dropout.threshold) {
      const int64_t head = p.first_head + r / p.queries, row = p.row + r % p.queries;
      drop_row(keep_source(a, p.b, head, row, key), keys, scores);
    }
  }
}

FA_NOINLINE void sum_block(const DecodeTask& t, int first, int last, Ahead& ahead) {
  const int64_t stride = t.plan.output_stride();
  const StoredRows& values = *t.buffers.value_rows;
  for_each_row_tile<4>(t.piece.rows(), [&]<int kRows>(int row) FA_INLINE_LAMBDA {
    const ValueSum sum{values,
                       t.a.value_dim,
                       first,
                       last,
                       t.buffers.scores + row * kDecodeKeyBlock,
                       t.states.output + row * stride,
                       stride,
                       ahead};
    with_stored(values.stored, [&]<Stored kStored>() FA_INLINE_LAMBDA { sum_values<kStored, kRows>(sum); });
  });
}

/// The block's product with V. Values with NaN or Inf that some row may not see reach only those that see
/// them.
FA_NOINLINE void attend_values(const DecodeTask& t, const BlockEdge& edge, int keys, Ahead ahead) {
  const StoredRows& values = *t.buffers.value_rows;
  int32_t special[kDecodeKeyBlock];
  int count = 0;
  if (edge.visible == Visibility::some) {
    with_stored(values.stored, [&]<Stored kStored>() FA_INLINE_LAMBDA {
      count = find_non_finite<kStored>(values, keys, t.a.value_dim, special);
    });
  }
  for (int n = 0; n < count; ++n) {
    for (int r = 0; r < t.piece.rows(); ++r) {
      const int64_t at = r * kDecodeKeyBlock + special[n];
      if (t.buffers.addend[at] == -kInfinity) continue;
      add_value(values, special[n], t.a.value_dim, t.buffers.scores[at],
                t.states.output + r * t.plan.output_stride());
    }
  }
  if (values.stored == Stored::int8) scale_weights(values, t.piece.rows(), keys, t.buffers.scores);
  int from = 0;
  for (int n = 0; n < count; from = special[n++] + 1)
    if (special[n] > from) sum_block(t, from, special[n], ahead);
  if (from < keys) sum_block(t, from, keys, ahead);
}

/// Rows in a buffer with room for a vector more, because whole vectors of narrow rows are read.
FA_ALWAYS_INLINE FloatRows copy_of(int64_t width, FloatRows rows, int count, float* buffer) {
  if (rows.data != buffer) __builtin_memcpy(buffer, rows.data, static_cast<size_t>(count * width) * 4);
  store(buffer + count * width, Vector{});
  return FloatRows{buffer, width};
}

/// Where the keys of a block are; turned and narrow ones are copied.
FA_NOINLINE void find_keys(const DecodeTask& t, int64_t key, int keys, StoredRows& found) {
  const Attention& a = t.a;
  const KeyPlace place{t.piece.b, t.piece.kv_head, key, keys};
  if (copies_keys(a)) {
    const FloatRows rows = copy_of(a.head_dim, key_rows(a, place, t.buffers.keys), keys, t.buffers.keys);
    point_at(rows, keys, found);
  } else {
    find_rows(a, a.k, a.k_scale, place, found);
  }
}

FA_NOINLINE void find_values(const DecodeTask& t, int64_t key, int keys, StoredRows& found) {
  const Attention& a = t.a;
  const KeyPlace place{t.piece.b, t.piece.kv_head, key, keys};
  if (copies_values(a)) {
    const FloatRows rows =
        copy_of(a.value_dim, value_rows(a, place, t.buffers.values), keys, t.buffers.values);
    point_at(rows, keys, found);
  } else {
    find_rows(a, a.v, a.v_scale, place, found);
  }
}

FA_NOINLINE void decode_block(const DecodeTask& t, int64_t key, int keys) {
  const Attention& a = t.a;
  const DecodeBuffers& buffers = t.buffers;
  const BlockEdge edge = fill_addend_rows(t, key, keys);
  if (edge.visible == Visibility::nothing) return;
  find_keys(t, key, keys, *buffers.key_rows);
  find_values(t, key, keys, *buffers.value_rows);
  score_block(t, edge, keys, ahead_of(*buffers.value_rows, keys, a.value_dim));
  exponentiate_block(t, key, keys);
  const int64_t next = key + keys;
  const int next_keys = static_cast<int>(smaller<int64_t>(kDecodeKeyBlock, t.piece.end - next));
  if (next_keys > 0)
    find_rows(a, a.k, a.k_scale, KeyPlace{t.piece.b, t.piece.kv_head, next, next_keys}, *buffers.key_rows);
  attend_values(t, edge, keys, ahead_of(*buffers.key_rows, larger(next_keys, 0), a.head_dim));
}

/// Row r of a piece, from its state to out, lse and what the backward needs.
FA_NOINLINE void store_row(const DecodePlan& plan, const DecodePiece& p, const RowStates& states, int r) {
  const Attention& a = plan.a;
  const int64_t h = p.first_head + r / p.queries, i = p.row + r % p.queries;
  const FinishedRow f = finish_row(a, h, states.max[r], sum_of_lanes(load(states.sum + r * kLanes)));
  store_state(a, states.max[r], f, state_index(a, p.b, h, i));
  float* output = states.output + r * plan.output_stride();
  const int vectors = vectors_of(a.value_dim);
  const Vector last = load(output + (vectors - 1) * kLanes) * f.inverse;
  for (int v = 0; v < vectors - 1; ++v) store(output + v * kLanes, load(output + v * kLanes) * f.inverse);
  store(output + column_of(vectors - 1, a.value_dim), last);
  const int width = static_cast<int>(a.value_dim);
  write_rows(a.element, output, 0, 1, width, query_address(a, a.out, p.b, h, i), 0);
}

FA_NOINLINE void store_rows(const DecodePlan& plan, const DecodePiece& p, const RowStates& states) {
  for (int r = 0; r < p.rows(); ++r) store_row(plan, p, states, r);
}

FA_NOINLINE void decode_task(void* context, int64_t index) {
  const DecodePlan& plan = *static_cast<const DecodePlan*>(context);
  float* slot = plan.scratch->take();
  Carver carver{slot};
  DecodePiece piece = decode_piece(plan, index / plan.splits);
  take_split(plan, index % plan.splits, piece);
  const DecodeBuffers buffers(carver, plan);
  const RowStates states = plan.splits > 1 ? states_at(plan, piece.state) : RowStates(carver, plan);
  const DecodeTask t{plan, plan.a, plan.a.sequences[piece.b], piece, buffers, states};
  load_query_rows(t);
  for (int64_t key = piece.begin; key < piece.end; key += kDecodeKeyBlock)
    decode_block(t, key, static_cast<int>(smaller<int64_t>(kDecodeKeyBlock, piece.end - key)));
  if (plan.splits == 1) store_rows(plan, piece, states);
  plan.scratch->give(slot);
}

/// Adds the state of one row's keys to that of keys before them.
FA_NOINLINE void merge_row(const DecodePlan& plan, const RowStates& into, const RowStates& from, int r) {
  const float exponent = score_units(plan.a).exponent;
  const Vector old = broadcast(into.max[r]), add = broadcast(from.max[r]), max = maximum(old, add);
  const Vector keep = exp2((old - max) * exponent), factor = exp2((add - max) * exponent);
  const auto merge = [&](float* to, const float* x) { store(to, load(to) * keep + load(x) * factor); };
  into.max[r] = max[0];
  merge(into.sum + r * kLanes, from.sum + r * kLanes);
  const int64_t stride = plan.output_stride();
  for (int64_t d = 0; d < stride; d += kLanes)
    merge(into.output + r * stride + d, from.output + r * stride + d);
}

FA_NOINLINE void merge_task(void* context, int64_t index) {
  const DecodePlan& plan = *static_cast<const DecodePlan*>(context);
  const DecodePiece piece = decode_piece(plan, index);
  const RowStates all = states_at(plan, piece.state);
  for (int64_t split = 1; split < plan.splits; ++split) {
    DecodePiece part = piece;
    take_split(plan, split, part);
    if (part.begin >= part.end) break;
    const RowStates states = states_at(plan, part.state);
    for (int r = 0; r < piece.rows(); ++r) merge_row(plan, all, states, r);
  }
  store_rows(plan, piece, all);
}

FA_ALWAYS_INLINE int64_t decode_slot(const DecodePlan& plan) {
  Carver carver{nullptr};
  DecodeBuffers(carver, plan);
  RowStates(carver, plan);
  return carver.used;
}

void decode(const Attention& a, const Executor& executor) {
  DecodePlan plan = plan_decode(a);
  const int64_t most_tasks = plan.most_pieces() * plan.splits;
  if (most_tasks == 0) return;
  Scratch scratch(decode_slot(plan), slots_for(executor.threads, most_tasks), plan.shared_floats());
  plan.scratch = &scratch;
  plan.states = scratch.shared();
  TaskPlace* blocks =
      reinterpret_cast<TaskPlace*>(scratch.shared() + (plan.shared_floats() - list_floats(plan.most_blocks)));
  plan.blocks = blocks;
  const int64_t count = list_blocks(a, ListShape{plan.query_block, kDecodeKeyBlock}, blocks);
  const int64_t pieces = count * a.kv_heads * plan.head_blocks;
  executor.run(executor.self, pieces * plan.splits, decode_task, &plan);
  if (plan.splits > 1) executor.run(executor.self, pieces, merge_task, &plan);
}

int64_t decode_scratch(const Attention& a, int threads) {
  const DecodePlan plan = plan_decode(a);
  return Scratch::bytes(decode_slot(plan), slots_for(threads, plan.most_pieces() * plan.splits),
                        plan.shared_floats());
}

Blocks decode_blocks(const Attention& a) {
  const DecodePlan plan = plan_decode(a);
  return {plan.query_block, kDecodeKeyBlock, plan.most_pieces() * plan.splits};
}

}  // namespace
}  // namespace fa::cpu::FA_TARGET
