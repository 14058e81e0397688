// How decode is cut up: query rows that share a kv head, and splits of the keys that they see.
#pragma once
#include "decode_score-inl.h"
#include "decode_value-inl.h"
#include "finish-inl.h"
#include "memory-inl.h"
#include "task_list-inl.h"

namespace fa::cpu::FA_TARGET {
namespace {

struct DecodePlan {
  const Attention& a;
  int64_t heads = 0;        ///< of a group, in one task
  int64_t head_blocks = 0;  ///< of a group
  int query_block = 0;      ///< rows of each of these heads
  int64_t splits = 0;       ///< of the keys
  int64_t most_blocks = 0;  ///< of query rows, over all sequences
  Scratch* scratch = nullptr;
  const TaskPlace* blocks = nullptr;
  float* states = nullptr;  ///< of all tasks, where there are several splits

  int64_t group() const { return a.query_heads / a.kv_heads; }
  int64_t rows() const { return heads * query_block; }
  /// Tasks without their splits.
  int64_t most_pieces() const { return most_blocks * a.kv_heads * head_blocks; }
  int64_t output_stride() const { return int64_t{vectors_of(a.value_dim)} * kLanes; }
  /// Floats of the softmax state of a task's rows.
  int64_t state_floats() const {
    return round_up(rows() * kLanes, 16) + round_up(rows() * output_stride(), 16) + round_up(rows(), 16);
  }
  int64_t shared_floats() const {
    return list_floats(most_blocks) + (splits > 1 ? most_pieces() * splits * state_floats() : 0);
  }
};

/// Depends on the shape only. Splits are for many processors, but not so short that merging them shows.
FA_ALWAYS_INLINE DecodePlan plan_decode(const Attention& a) {
  constexpr int64_t kMostRows = 64, kWantedTasks = 64, kLeastKeys = 512;
  DecodePlan plan{a};
  plan.heads = smaller(plan.group(), kMostRows);
  plan.head_blocks = (plan.group() + plan.heads - 1) / plan.heads;
  const int64_t longest = a.packed ? a.query_length : smaller(a.query_length, kMostRows);
  plan.query_block = static_cast<int>(larger<int64_t>(1, smaller(longest, kMostRows / plan.heads)));
  plan.most_blocks = most_blocks(a, plan.query_block);
  const int64_t keys = a.packed ? (a.key_length + a.batch - 1) / larger<int64_t>(a.batch, 1) : a.key_length;
  const int64_t pieces = larger<int64_t>(plan.most_pieces(), 1);
  plan.splits = clamp((kWantedTasks + pieces - 1) / pieces, 1, larger<int64_t>(1, keys / kLeastKeys));
  return plan;
}

/// Softmax state of a task's rows.
struct RowStates {
  float* max;
  float* sum;     ///< [row][kLanes], a sum for each lane
  float* output;  ///< [row][output_stride]

  RowStates(Carver& c, const DecodePlan& plan) {
    sum = c.take(plan.rows() * kLanes);
    output = c.take(plan.rows() * plan.output_stride());
    max = c.take(plan.rows());
  }
};

/// Keys that have to be turned are copied, and rows that are too narrow to be read in whole vectors or words.
FA_ALWAYS_INLINE bool copies_keys(const Attention& a) {
  const int64_t bytes = a.head_dim * size_of(stored_as(a.element, a.k_scale));
  return a.rotation.pairs > 0 || bytes < int64_t{kLanes} * 4;
}
FA_ALWAYS_INLINE bool copies_values(const Attention& a) { return a.value_dim < kLanes; }

struct DecodeBuffers {
  float *queries, *scores, *addend, *keys, *values;
  StoredRows *key_rows, *value_rows;

  DecodeBuffers(Carver& c, const DecodePlan& plan) {
    const Attention& a = plan.a;
    queries = c.take(plan.rows() * a.head_dim);
    scores = c.take(plan.rows() * kDecodeKeyBlock);
    addend = c.take(plan.rows() * kDecodeKeyBlock);
    keys = c.take(copies_keys(a) ? kDecodeKeyBlock * a.head_dim + kLanes : 0);
    values = c.take(copies_values(a) ? kDecodeKeyBlock * a.value_dim + kLanes : 0);
    const int64_t pointers = (static_cast<int64_t>(sizeof(StoredRows)) + 3) / 4;
    key_rows = reinterpret_cast<StoredRows*>(c.take(pointers));
    value_rows = reinterpret_cast<StoredRows*>(c.take(pointers));
  }
};

/// Query rows and keys of one task.
struct DecodePiece {
  int64_t b, kv_head, first_head;  ///< of the query heads
  int heads, queries;              ///< rows are [head][query]
  int64_t row;                     ///< first query row
  int64_t begin, end;              ///< keys that some row sees
  int64_t state;                   ///< of the first split, in units of states

  int rows() const { return heads * queries; }
};

FA_ALWAYS_INLINE DecodePiece decode_piece(const DecodePlan& plan, int64_t index) {
  const Attention& a = plan.a;
  DecodePiece p;
  p.state = index * plan.splits;
  const int64_t block = index % plan.head_blocks;
  index /= plan.head_blocks;
  p.kv_head = index % a.kv_heads;
  const TaskPlace place = plan.blocks[index / a.kv_heads];
  const Sequence& sequence = a.sequences[place.sequence];
  p.b = place.sequence;
  p.first_head = p.kv_head * plan.group() + block * plan.heads;
  p.heads = static_cast<int>(smaller(plan.heads, plan.group() - block * plan.heads));
  p.row = int64_t{place.block} * plan.query_block;
  p.queries = static_cast<int>(smaller<int64_t>(plan.query_block, sequence.queries - p.row));
  const KeyBand& band = sequence.band;
  p.begin = larger<int64_t>(0, p.row + band.lo) / kLanes * kLanes;
  p.end = smaller<int64_t>(band.keys, p.row + p.queries + band.hi);
  return p;
}

/// Narrows a piece to one split of its keys.
FA_ALWAYS_INLINE void take_split(const DecodePlan& plan, int64_t split, DecodePiece& p) {
  const int64_t keys = larger<int64_t>(0, p.end - p.begin);
  const int64_t share = round_up((keys + plan.splits - 1) / plan.splits, kDecodeKeyBlock);
  p.begin += split * share;
  p.end = smaller(p.end, p.begin + share);
  p.state += split;
}

FA_ALWAYS_INLINE RowStates states_at(const DecodePlan& plan, int64_t state) {
  Carver carver{plan.states + state * plan.state_floats()};
  return RowStates(carver, plan);
}

}  // namespace
}  // namespace fa::cpu::FA_TARGET
