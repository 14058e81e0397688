// How a backward call is cut up, and the memory of one task.
#pragma once
#include "generated/tiles.h"
#include "gradient-inl.h"
#include "key_sum-inl.h"
#include "load-inl.h"
#include "memory-inl.h"

namespace fa::cpu::FA_TARGET {
namespace {

constexpr int kKeyBlockUnit = 24;     // whole tiles of all products
constexpr int64_t kWantedTasks = 8;   // so many find work for several threads
constexpr int64_t kLeastChunk = 192;  // keys; what a chunk costs beside its products is then small
/// Chunks' dQ and parts of dBias may take so much, whatever the size of the results.
constexpr int64_t kPartialFloats = 1 << 19;

struct QueryBlock;

/// A task is a chunk of the keys of one kv head; where bias is broadcast and its gradient wanted, of all kv
/// heads that share an element of it, or of a part of them. Sequences that are longer than a chunk ("cut")
/// have a dQ of each chunk, which are then summed; so that these take little memory, the call goes through
/// the query rows in phases. All of it depends on the shape only, never on the number of threads: so do the
/// sums, to the bit.
struct BackwardPlan {
  const AttentionGradients& g;
  int query_block = 0, key_block = 0;
  int64_t chunk_keys = 0;  ///< keys of a task
  int64_t chunks = 1;      ///< of the longest sequence
  int64_t cut_chunks = 0;  ///< of all cut sequences together
  int64_t phases = 1, phase_rows = 0;
  int64_t shared_batches = 1, shared_heads = 1;         ///< batches and kv heads of a group: they share dBias
  int64_t parts = 1;                                    ///< tasks that share the kv heads of a group
  int64_t key_width = 0, value_width = 0;               ///< head_dim and value_dim in whole vectors
  bool keys_in_place = false, values_in_place = false;  ///< dK, dV are summed in the output itself
  Scratch* scratch = nullptr;
  /// Computes a block of query rows against keys [begin, end), with memory of its own in the task's slot.
  void (*differentiate)(QueryBlock&, int64_t begin, int64_t end) = nullptr;
  int64_t more_floats = 0;
  int64_t phase = 0;
  float* partial = nullptr;      ///< dQ of [cut_chunks][Hq][phase_rows][D]
  float* key_sums = nullptr;     ///< dK of all tokens and kv heads where tasks cannot hold it over the phases
  float* value_sums = nullptr;   ///< likewise dV
  double* slope_sums = nullptr;  ///< what dAlibiSlopes consists of, [chunks][B][Hq]
  double* sink_sums = nullptr;   ///< likewise dSinks, [B][Hq]
  float* bias_parts = nullptr;   ///< dBias of the parts but the first, [parts - 1] times its shape
  double* bias_rows = nullptr;   ///< dBias of rows that bias is broadcast over, [parts] times its shape

  /// Without rows nothing is written, however many heads a shape names.
  bool empty() const { return g.forward.query_length == 0 && g.forward.key_length == 0; }
  int64_t head_groups() const { return g.forward.kv_heads / shared_heads; }
  int64_t groups() const { return g.forward.batch / shared_batches * head_groups(); }
  int64_t members() const { return shared_batches * shared_heads; }
  int64_t tasks() const { return empty() ? 0 : chunks * parts * groups(); }
  /// Every element of dBias is one pair of a query and a key, and no other.
  bool bias_written_once() const {
    const int64_t* s = g.bias_shape;
    return g.d_bias && !g.forward.packed && s[0] == g.forward.batch && s[1] == g.forward.query_heads &&
           s[2] > 1;
  }
  int64_t bias_elements() const {
    return g.bias_shape[0] * g.bias_shape[1] * g.bias_shape[2] * g.bias_shape[3];
  }
  int64_t key_tokens() const {
    return g.forward.packed ? g.forward.key_length : g.forward.batch * g.forward.key_length;
  }
};

FA_ALWAYS_INLINE int64_t stored_keys(const Attention& a, int64_t b) {
  return a.sequences ? a.sequences[b].stored_keys : a.key_length;
}

FA_ALWAYS_INLINE int64_t chunks_of(const BackwardPlan& p, int64_t b) {
  return (stored_keys(p.g.forward, b) + p.chunk_keys - 1) / p.chunk_keys;
}

FA_ALWAYS_INLINE bool is_cut(const BackwardPlan& p, int64_t b) {
  return stored_keys(p.g.forward, b) > p.chunk_keys;
}

/// Cuts the rows of cut sequences, of which the longest has so many, into phases: what they take is to be
/// small against dQ, or small.
FA_ALWAYS_INLINE void cut_rows(BackwardPlan& p, int64_t rows) {
  const Attention& a = p.g.forward;
  const int64_t row_floats = p.cut_chunks * a.query_heads * a.head_dim;
  const int64_t d_queries = (a.packed ? 1 : a.batch) * a.query_length * a.query_heads * a.head_dim;
  const int64_t fitting = larger<int64_t>(larger(kPartialFloats, d_queries / 2) / row_floats, 1);
  if (a.sequences || !a.packed) {
    const int64_t phases = (rows + fitting - 1) / fitting;
    p.phase_rows = round_up((rows + phases - 1) / phases, p.query_block);
  } else {
    p.phase_rows = smaller(round_up(rows, p.query_block), fitting + p.query_block);
  }
  p.phases = (rows + p.phase_rows - 1) / p.phase_rows;
}

/// Chunks of much the same length, in whole vectors of keys.
FA_ALWAYS_INLINE int64_t even_chunk(int64_t keys, int64_t chunk_keys) {
  const int64_t chunks = (keys + chunk_keys - 1) / chunk_keys;
  return round_up((keys + chunks - 1) / larger<int64_t>(chunks, 1), 16);
}

/// Counts the chunks and phases.
FA_ALWAYS_INLINE void cut_sequences(BackwardPlan& p) {
  const Attention& a = p.g.forward;
  int64_t longest_keys = a.packed && a.sequences ? 0 : a.key_length, rows = a.packed ? 0 : a.query_length;
  if (!a.packed) {
    p.chunk_keys = larger<int64_t>(even_chunk(a.key_length, p.chunk_keys), 16);
    p.chunks = (a.key_length + p.chunk_keys - 1) / p.chunk_keys;
    p.cut_chunks = p.chunks > 1 ? a.batch * p.chunks : 0;
  } else if (!a.sequences) {  // no memory yet: what any lengths could ask for
    p.chunks = (a.key_length + p.chunk_keys - 1) / p.chunk_keys;
    p.cut_chunks = p.chunks > 1 ? 2 * p.chunks : 0;
    rows = a.query_length;
  } else {
    for (int64_t b = 0; b < a.batch; ++b) {
      longest_keys = larger<int64_t>(longest_keys, a.sequences[b].stored_keys);
      if (!is_cut(p, b)) continue;
      p.cut_chunks += chunks_of(p, b);
      rows = larger<int64_t>(rows, a.sequences[b].queries);
    }
    p.chunks = (longest_keys + p.chunk_keys - 1) / p.chunk_keys;
  }
  p.chunk_keys = smaller(p.chunk_keys, round_up(larger<int64_t>(longest_keys, 1), 16));
  const int64_t blocks = (p.chunk_keys + p.key_block - 1) / p.key_block;
  p.key_block = static_cast<int>(round_up((p.chunk_keys + blocks - 1) / blocks, kKeyBlockUnit));
  // Rows and keys that nobody has are tasks all the same: they set what is stored of their keys to 0.
  p.chunks = larger<int64_t>(p.chunks, 1);
  rows = larger<int64_t>(rows, 1);
  p.phase_rows = rows;
  if (p.cut_chunks > 0) cut_rows(p, rows);
}

/// Finds the kv heads that one task must go through, because they share elements of dBias.
FA_ALWAYS_INLINE void group_heads(BackwardPlan& p) {
  const Attention& a = p.g.forward;
  if (!p.g.d_bias) return;
  if (p.g.bias_shape[0] == 1) p.shared_batches = larger<int64_t>(a.batch, 1);
  if (p.g.bias_shape[1] == 1) p.shared_heads = a.kv_heads;
  const int64_t wanted = kWantedTasks / larger<int64_t>(p.groups(), 1);
  const int64_t fitting = 1 + kPartialFloats / larger<int64_t>(p.bias_elements(), 1);
  p.parts = larger<int64_t>(1, smaller(p.members(), smaller(wanted, fitting)));
}

FA_ALWAYS_INLINE BackwardPlan plan_backward(const AttentionGradients& g) {
  constexpr int64_t kCacheFloats = 64 * 1024;
  const Attention& a = g.forward;
  BackwardPlan p{g};
  p.query_block = fit_block(kBackwardQueryBlock, 2 * a.head_dim + a.value_dim, kCacheFloats);
  p.key_block = kBackwardKeyBlock;
  group_heads(p);
  const int64_t tokens = p.key_tokens() / p.shared_batches * p.head_groups() * p.parts;
  p.chunk_keys = round_up(larger((tokens + kWantedTasks - 1) / kWantedTasks, kLeastChunk), 16);
  cut_sequences(p);
  p.key_width = round_up(a.head_dim, kLanes);
  p.value_width = round_up(a.value_dim, kLanes);
  const bool floats = a.element == Element::float32;
  p.keys_in_place = floats && p.key_width == a.head_dim && g.dk.row == a.head_dim;
  p.values_in_place = floats && p.value_width == a.value_dim && g.dv.row == a.value_dim;
  return p;
}

FA_ALWAYS_INLINE int64_t piece_floats(int64_t rows, int64_t width) {
  return width > kPieceColumns ? rows * round_up(width, kPieceColumns) : 0;
}

struct BackwardBuffers {
  float *query_panels, *d_out_panels, *d_query_panels, *max, *inverse_sum, *delta, *slopes, *out_panel;
  float *queries, *d_out, *rows, *special_row;  ///< row-major
  float *query_pieces, *d_out_pieces;           ///< of wide rows
  float *probabilities, *d_scores;
  float *addend, *keep, *derivatives;  ///< of one panel
  float *strips, *key_tail, *value_tail, *keys, *values;
  float *d_keys, *d_values;
  float* more;
  int32_t *special_queries, *special_d_out, *special_keys;
  int64_t stride;  ///< of probabilities and d_scores

  BackwardBuffers(Carver& c, const BackwardPlan& p) {
    const Attention& a = p.g.forward;
    const int64_t key_rows = p.key_block + 16, panel = key_rows * kPanelRows;
    const bool sums_of_task = p.phases == 1 || (a.packed && !a.sequences);
    stride = p.query_block + 16;  // not a power of two: rows would alias in L1
    query_panels = c.take(p.query_block * round_up(a.head_dim, kTileRows));
    d_query_panels = c.take(p.query_block * round_up(a.head_dim, kTileRows));
    d_out_panels = c.take(p.query_block * round_up(a.value_dim, kTileRows));
    max = c.take(p.query_block);
    inverse_sum = c.take(p.query_block);
    delta = c.take(p.query_block);
    slopes = c.take(p.g.d_alibi_slopes ? p.query_block : 0);
    out_panel = c.take(kPanelRows * round_up(a.value_dim, kTileRows));
    queries = c.take(p.query_block * p.key_width);
    d_out = c.take(p.query_block * p.value_width);
    query_pieces = c.take(piece_floats(p.query_block, p.key_width));
    d_out_pieces = c.take(piece_floats(p.query_block, p.value_width));
    rows = c.take(kPanelRows * larger(p.key_width, p.value_width));
    special_row = c.take(larger(p.key_width, p.value_width));
    probabilities = c.take(key_rows * stride);
    d_scores = c.take(key_rows * stride);
    addend = c.take(has_addend(a) ? panel : 0);
    keep = c.take(a.dropout.threshold ? panel : 0);
    derivatives = c.take(a.softcap > 0 ? panel : 0);
    strips = c.take(strips_size(p.key_block, a.head_dim));
    key_tail = c.take(kTileRows * a.head_dim);
    value_tail = c.take(kTileRows * a.value_dim);
    keys = c.take(p.key_block * a.head_dim);
    values = c.take(p.key_block * a.value_dim);
    d_keys = c.take(sums_of_task && !p.keys_in_place ? p.chunk_keys * p.key_width : 0);
    d_values = c.take(sums_of_task && !p.values_in_place ? p.chunk_keys * p.value_width : 0);
    more = c.take(p.more_floats);
    special_queries = reinterpret_cast<int32_t*>(c.take(p.query_block));
    special_d_out = reinterpret_cast<int32_t*>(c.take(p.query_block));
    special_keys = reinterpret_cast<int32_t*>(c.take(p.key_block));
  }
};

/// Keys [begin, end) of one kv head, and where their gradients are summed.
struct KeyChunk {
  int64_t b, kv_head, index, begin, end;
  int64_t part;
  int64_t cut_chunk;  ///< its number among the chunks of cut sequences, -1 if its sequence is not cut
  float *d_keys, *d_values;
  int64_t d_key_stride, d_value_stride;
  mutable int64_t held_begin = 0,
                  held_end = 0;  ///< keys that the memory of BackwardPlan::differentiate holds
};

/// A block of query rows of one head.
struct QueryBlock {
  const BackwardPlan& plan;
  const Attention& a;
  const BackwardBuffers& buffers;
  const KeyChunk& chunk;
  int64_t h, row;
  int rows;
  ColumnPieces queries, d_out;  ///< special rows cleared
  int special_queries, special_d_out;

  const Sequence& sequence() const { return a.sequences[chunk.b]; }
  int panel_rows(int p) const { return smaller(kPanelRows, rows - p * kPanelRows); }
  int64_t key_panel(int p) const { return p * kPanelRows * round_up(a.head_dim, kTileRows); }
  int64_t value_panel(int p) const { return p * kPanelRows * round_up(a.value_dim, kTileRows); }
};

}  // namespace
}  // namespace fa::cpu::FA_TARGET
