// dBias: dS, summed over the axes along which bias is broadcast. A threadgroup owns a tile of dBias, of query
// rows (or one row that stands for all) and a block of keys; batches, query heads and blocks of rows that the
// tile is summed over go by one after another, in an order that the shape fixes. P and dS are computed anew,
// as in dq.
#include "tile/gradient.h"

namespace fa {
using namespace metal;

/// A tile of dBias, and the steps that are added to it.
struct BiasTask {
  int part, batch, head, row_block, key_block;
  int first_step, end_step;

  /// Key blocks of all tiles first.
  METAL_FUNC BiasTask(constant BiasParams& b, int number, int tile_rows, int block) {
    const int key_blocks = blocks_of(b.keys, block),
              row_blocks = b.rows == 1 ? 1 : blocks_of(b.rows, tile_rows);
    key_block = number % key_blocks;
    number /= key_blocks;
    row_block = number % row_blocks;
    number /= row_blocks;
    head = number % b.heads;
    number /= b.heads;
    batch = number % b.batches;
    part = number / b.batches;
    first_step = part * b.steps_per_part;
    end_step = min(first_step + b.steps_per_part, b.steps);
  }

  /// The batch, query head and block of rows of a step: blocks first, so that keys stay staged.
  METAL_FUNC void open(thread Task& task, constant AttentionParams& p, constant BiasParams& b,
                       thread const TaskInputs& inputs, int step, int tile_rows) const {
    const int row_steps = b.rows == 1 ? blocks_of(b.queries, tile_rows) : 1;
    const int head_steps = b.heads == 1 ? p.query_heads : 1, heads = step / row_steps;
    task.open(p, inputs, batch + heads / head_steps, head + heads % head_steps, row_block + step % row_steps);
  }
};

template <typename T>
struct BiasInputs {
  GradientInputs<T> rows;
  TaskInputs tasks;
  const device T* k;
  const device T* v;
};

/// In the threadgroup.
struct ThreadPlace {
  uint thread_index;
  ushort simdgroup;
};

/// What a simdgroup holds of the tile.
template <typename T, int width, int value_width, typename Tile>
struct BiasTile {
  using Keys = StagedRows<T, Tile::kBlock, width, RowPad<T, width>::kReadBothWays>;
  using Values = StagedRows<T, Tile::kBlock, value_width, RowPad<T, value_width>::kReadBothWays>;
  static constant constexpr int kRowFragments = Tile::kRowFragments;
  static constant constexpr int kBlockFragments = Tile::kBlockFragments;
  typedef Fragment<float> Products[kRowFragments][kBlockFragments];

  Lane lane;
  ThreadPlace place;
  int first_key;
  Keys keys;
  Values values;
  Products sums;

  METAL_FUNC BiasTile(Lane of_lane, ThreadPlace of_place, int of_first_key, Keys of_keys, Values of_values)
      : lane(of_lane), place(of_place), first_key(of_first_key), keys(of_keys), values(of_values) {
#pragma unroll
    for (int r = 0; r < kRowFragments; ++r)
#pragma unroll
      for (int n = 0; n < kBlockFragments; ++n) sums[r][n] = zero_fragment<float>();
  }

  /// dS of rows from `first_row` on.
  METAL_FUNC void add(constant AttentionParams& p, thread const QueryHead<T>& head, int first_row) {
    OwnRows<T, width, Tile::kOwn> queries[kRowFragments];
    OwnRows<T, value_width, Tile::kOwn> d_out[kRowFragments];
#pragma unroll
    for (int r = 0; r < kRowFragments; ++r) {
      const int row = min(first_row + 8 * r + lane.row, head.q.rows - 1);
      queries[r].open(head.q.row(row), head.q.dim, lane);
      d_out[r].open(head.d_out.row(row), head.d_out.dim, lane);
    }
    Products products, d_p;
    multiply_transposed(products, queries, keys);
    multiply_transposed(d_p, d_out, values);
#pragma unroll
    for (int r = 0; r < kRowFragments; ++r)
      add_fragments(p, head, products[r], d_p[r], r, first_row + 8 * r + lane.row);
  }

  /// `row` may not exist.
  METAL_FUNC void add_fragments(constant AttentionParams& p, thread const QueryHead<T>& head,
                                thread const Fragment<float> (&products)[kBlockFragments],
                                thread const Fragment<float> (&d_p)[kBlockFragments], int r, int row) {
    thread const HeadScores& scores = head.scores;
    const bool exists = row < head.q.rows;
    const int readable = min(row, head.q.rows - 1);
    const RowTerms terms = head.terms(readable);
    uint kept = 0;
    if (has_dropout) kept = head.dropout.template kept_keys<kBlockFragments>(readable, first_key, lane);
#pragma unroll
    for (int n = 0; n < kBlockFragments; ++n)
#pragma unroll
      for (int e = 0; e < 2; ++e) {
        const float product = elements(products[n])[e];
        const int key = first_key + 8 * n + lane.column + e;
        const float score = exists ? scores.score(product, row, key) : -INFINITY;
        if (!exists || is_hidden(scores, score, !is_finite(product), row, key)) continue;
        PairWeights<T> pair;
        pair.set(score, elements(d_p[n])[e], terms, keep_factors(p.dropout, is_kept(kept, n, e)), 1, false);
        elements(sums[r][n])[e] += pair.d_addend;
      }
  }

  /// Goes through the steps of the tile. Keys stay staged from step to step as long as they are the same.
  METAL_FUNC void add_steps(constant AttentionParams& p, constant GradientParams& g, constant BiasParams& b,
                            thread const BiasInputs<T>& inputs, thread const BiasTask& own) {
    int staged = -1;
    for (int step = own.first_step; step < own.end_step; ++step) {
      Task task;
      own.open(task, p, b, inputs.tasks, step, Tile::kGroupRows);
      const int group_first = task.block * Tile::kGroupRows,
                first = group_first + place.simdgroup * Tile::kRows;
      if (!sees(task, group_first, Tile::kGroupRows, own.key_block)) continue;

      // Stage keys
      const int kv_head = kv_head_of(p, task.head), all_kv_heads = task.batch * p.kv_heads + kv_head;
      if (staged != all_kv_heads) {
        threadgroup_barrier(mem_flags::mem_threadgroup);  // all have used the keys before
        stage(key_rows(inputs.k, p.k, task, kv_head, p.head_dim),
              key_rows(inputs.v, p.v, task, kv_head, p.value_dim));
        threadgroup_barrier(mem_flags::mem_threadgroup);  // the keys are there
        staged = all_kv_heads;
      }
      if (!sees(task, first, Tile::kRows, own.key_block)) continue;
      const QueryHead<T> head(p, g, inputs.rows, task, task.head);
      add(p, head, first);
    }
  }

  /// Whether some of `rows` rows from `first` on sees a key of the tile's block.
  METAL_FUNC bool sees(thread Task& task, int first, int rows, int key_block) const {
    return key_blocks(task.sequence.band, first, min(rows, task.sequence.queries - first), Tile::kBlock)
        .see(key_block);
  }

  METAL_FUNC void stage(HeadRows<T> k, HeadRows<T> v) const {
    keys.template stage<Tile::kThreads>(k, first_key, place.thread_index);
    values.template stage<Tile::kThreads>(v, first_key, place.thread_index);
  }

  /// To the head whose row 0 is `to`, of which `rows` and `count` keys exist.
  METAL_FUNC void write(device float* to, Int64 stride, int first_row, int rows, int count) {
#pragma unroll
    for (int r = 0; r < kRowFragments; ++r) {
      const int row = first_row + 8 * r + lane.row;
      if (row >= rows) continue;
#pragma unroll
      for (int n = 0; n < kBlockFragments; ++n)
#pragma unroll
        for (int e = 0; e < 2; ++e) {
          const int key = first_key + 8 * n + lane.column + e;
          if (key < count) to[row * stride + key] = elements(sums[r][n])[e];
        }
    }
  }

  /// The sum of all rows of the threadgroup, to the one row of a head. `of_keys` has room for a block of each
  /// simdgroup.
  METAL_FUNC void write_row_sums(device float* to, threadgroup float* of_keys, int count) {
#pragma unroll
    for (int n = 0; n < kBlockFragments; ++n) {
      vec<float, 2> sum = elements(sums[0][n]);
#pragma unroll
      for (int r = 1; r < kRowFragments; ++r) sum += elements(sums[r][n]);
      // The eight lanes of a column differ in bits 1, 2 and 4.
      sum += simd_shuffle_xor(sum, 2);
      sum += simd_shuffle_xor(sum, 4);
      sum += simd_shuffle_xor(sum, 16);
      if (lane.row != 0) continue;
      threadgroup float* own = of_keys + place.simdgroup * Tile::kBlock + 8 * n + lane.column;
      own[0] = sum[0];
      own[1] = sum[1];
    }
    threadgroup_barrier(mem_flags::mem_threadgroup);  // the sums of all simdgroups are there
    const int key = int(place.thread_index);
    if (key >= Tile::kBlock || first_key + key >= count) return;
    float sum = 0;
    for (int n = 0; n < Tile::kSimdgroups; ++n) sum += of_keys[n * Tile::kBlock + key];
    to[first_key + key] = sum;
  }
};

template <typename T, int width, int value_width, typename Tile>
[[kernel]] void d_bias(
    const device T* q [[buffer(binding::kQ)]], const device T* k [[buffer(binding::kK)]],
    const device T* v [[buffer(binding::kV)]], const device T* d_out [[buffer(binding::kDOut)]],
    const device float* row_terms [[buffer(binding::kRowTerms)]],
    const device uchar* mask [[buffer(binding::kMask), function_constant(has_mask)]],
    const device uchar* bias [[buffer(binding::kBias), function_constant(has_bias)]],
    const device float* slopes [[buffer(binding::kAlibiSlopes), function_constant(has_alibi)]],
    const device Sequence* sequences [[buffer(binding::kSequences), function_constant(has_sequences)]],
    device float* to [[buffer(binding::kDBias)]], constant AttentionParams& p [[buffer(binding::kParams)]],
    constant GradientParams& g [[buffer(binding::kGradientParams)]],
    constant BiasParams& b [[buffer(binding::kBiasParams)]], uint group [[threadgroup_position_in_grid]],
    uint thread_index [[thread_index_in_threadgroup]], ushort simdgroup [[simdgroup_index_in_threadgroup]],
    ushort lane_index [[thread_index_in_simdgroup]]) {
  using Sums = BiasTile<T, width, value_width, Tile>;
  threadgroup vec<T, 4> staged_keys[Sums::Keys::kVectors];
  threadgroup vec<T, 4> staged_values[Sums::Values::kVectors];
  threadgroup float of_keys[Tile::kSimdgroups * Tile::kBlock];
  BiasInputs<T> inputs{{q, d_out, row_terms, {}}, {}, k, v};
  if (has_mask) inputs.rows.scores.mask = mask;
  if (has_bias) inputs.rows.scores.bias = bias;
  if (has_alibi) inputs.rows.scores.alibi_slopes = slopes;
  if (has_sequences) inputs.tasks.sequences = sequences;

  const BiasTask own(b, int(group) + p.first_task, Tile::kGroupRows, Tile::kBlock);
  Sums tile(Lane(lane_index), ThreadPlace{thread_index, simdgroup}, own.key_block * Tile::kBlock,
            {single_elements(staged_keys)}, {single_elements(staged_values)});
  tile.add_steps(p, g, b, inputs, own);

  // Write tile
  to += own.part * b.part + own.batch * b.to.batch + own.head * b.to.head;
  if (b.rows == 1) {
    tile.write_row_sums(to, of_keys, b.keys);
  } else {
    tile.write(to, b.to.row, own.row_block * Tile::kGroupRows + simdgroup * Tile::kRows, b.rows, b.keys);
  }
}

}  // namespace fa
