// Few query rows against many keys. Keys are dealt out to threadgroups, the splits; a threadgroup walks its
// keys block by block:
//   scores    each simdgroup multiplies its keys of the block with all rows, S^T = K Q^T
//   softmax   the block's scores meet in threadgroup memory; every simdgroup updates all rows alike
//   values    each simdgroup owns a slice of the columns, O += P V
// As in forward.metal, a threadgroup that ends with an unexpected NaN starts again and takes care of NaN and
// infinity one by one.
#include "tile/packed_rows.h"
#include "tile/softmax.h"
#include "tile/special_rows.h"

namespace fa {
using namespace metal;

constant bool splits_keys [[function_constant(constant_id::kSplitsKeys)]];
constant bool writes_rows = !splits_keys;
constant bool writes_row_lse = writes_lse && !splits_keys;
constant bool writes_row_stats = writes_stats && !splits_keys;

template <int width, int value_width, typename Tile>
struct DecodeShape {
  // MSL has no derived classes.
  static constant constexpr int kRows = Tile::kRows;
  static constant constexpr int kRowFragments = Tile::kRowFragments;
  static constant constexpr int kBlock = Tile::kBlock;
  static constant constexpr int kBlockFragments = Tile::kBlockFragments;
  static constant constexpr int kSimdgroups = Tile::kSimdgroups;
  static constant constexpr int kThreads = Tile::kThreads;
  static constant constexpr int kWidth = width;
  static constant constexpr int kValueWidth = value_width;
  static constant constexpr int kValueGroups = column_groups(value_width);
  /// Column groups of O that a simdgroup owns.
  static constant constexpr int kOwnGroups = (kValueGroups + Tile::kSimdgroups - 1) / Tile::kSimdgroups;
  static constant constexpr int kQueryPairs = width / 8 * Tile::kRowFragments * 32;
  /// Floats from row to row of a page of scores: the lanes that write a fragment meet different banks.
  static constant constexpr int kScoreStride = Tile::kBlock + 4;
  static constant constexpr int kPage = Tile::kRows * kScoreStride;
};

/// A block of keys.
struct DecodeBlock {
  int first;   ///< key
  int last;    ///< of all keys: read in place of those behind it, which are hidden
  bool plain;  ///< every row sees every key, and nothing is added to scores

  METAL_FUNC int readable(int key) const { return min(first + key, last); }
};

/// What all simdgroups of a threadgroup read.
template <typename T>
struct DecodeMemory {
  const device T* k;  ///< row 0 of the kv head
  const device T* v;
  ScoreInputs added;
  threadgroup vec<T, 2>* queries;  ///< Q^T, fragment by fragment in the order in which lanes read it
  threadgroup float* pages;        ///< scores of two blocks
};

/// One simdgroup of a threadgroup, and what it carries from block to block.
template <typename T, typename Shape>
struct Decoder {
  PackedRows rows;
  int first_row;  ///< of this threadgroup
  int simdgroup;
  Lane lane;
  OnlineSoftmax softmax[Shape::kRowFragments];
  ColumnGroup out[Shape::kRowFragments][Shape::kOwnGroups];

  METAL_FUNC Decoder(ushort simdgroup_index, ushort lane_index)
      : simdgroup(simdgroup_index), lane(lane_index) {}

  METAL_FUNC void reset() {
#pragma unroll
    for (int r = 0; r < Shape::kRowFragments; ++r) {
      softmax[r].reset();
#pragma unroll
      for (int g = 0; g < Shape::kOwnGroups; ++g) out[r][g].reset();
    }
  }

  METAL_FUNC void stage(threadgroup vec<T, 2>* queries, const device T* q,
                        constant AttentionParams& p) const {
    for (int n = 32 * simdgroup + lane.index; n < Shape::kQueryPairs; n += Shape::kThreads) {
      const int place = n / 32, column = place / Shape::kRowFragments * 8 + lane.row;
      const int row = first_row + place % Shape::kRowFragments * 8 + lane.column;
      const bool exists = column < p.head_dim;
      queries[n] = vec<T, 2>(exists && row < rows.count ? q[rows.offset(p.q, row) + column] : T(0),
                             exists && row + 1 < rows.count ? q[rows.offset(p.q, row + 1) + column] : T(0));
    }
  }

  /// Products of eight keys with all rows, transposed. `key` is the lane's.
  METAL_FUNC void multiply(thread Fragment<float> (&products)[Shape::kRowFragments], const device T* key,
                           int dim, threadgroup const vec<T, 2>* queries) {
    OwnRows<T, Shape::kWidth, kOwnInDevice> keys;
    keys.open(key, dim, lane);
#pragma unroll
    for (int r = 0; r < Shape::kRowFragments; ++r) products[r] = zero_fragment<float>();
#pragma unroll(4)
    for (int d = 0; d < Shape::kWidth / 8; ++d) {
      const Fragment<T> left = keys.load(d);
#pragma unroll
      for (int r = 0; r < Shape::kRowFragments; ++r) {
        Fragment<T> right;
        elements(right) = queries[(d * Shape::kRowFragments + r) * 32 + lane.index];
        simdgroup_multiply_accumulate(products[r], left, right, products[r]);
      }
    }
  }

  /// This simdgroup's keys of a block: page[row][key] = score.
  METAL_FUNC void score(threadgroup float* page, thread const DecodeBlock& block,
                        thread const DecodeMemory<T>& from, constant AttentionParams& p) {
    for (int f = simdgroup; f < Shape::kBlockFragments; f += Shape::kSimdgroups) {
      const int key = 8 * f + lane.row;
      Fragment<float> products[Shape::kRowFragments];
      multiply(products, from.k + block.readable(key) * p.k.row, p.head_dim, from.queries);
#pragma unroll
      for (int n = 0; n < 2 * Shape::kRowFragments; ++n) {
        const int row = n / 2 * 8 + lane.column + n % 2;
        const float product = elements(products[n / 2])[n % 2];
        page[row * Shape::kScoreStride + key] =
            block.plain ? product * p.scale_log2
                        : score_pair(product, from.added, p, first_row + row, block.first + key);
      }
    }
  }

  /// In units of log2; minus infinity where the row is none or cannot see the key.
  METAL_FUNC float score_pair(float product, thread const ScoreInputs& added, constant AttentionParams& p,
                              int row, int key) const {
    if (row >= rows.count) return -INFINITY;
    HeadScores scores;
    rows.open(scores, added, p, row);
    return scores.score(product, rows.query(row), key);
  }

  /// Probabilities of a block, and the accumulators brought to the new maximum.
  METAL_FUNC void absorb(thread Fragment<T> (&weights)[Shape::kRowFragments][Shape::kBlockFragments],
                         threadgroup const float* page, bool careful) {
#pragma unroll
    for (int r = 0; r < Shape::kRowFragments; ++r) {
      threadgroup const float* row = page + (8 * r + lane.row) * Shape::kScoreStride + lane.column;
      Fragment<float> scores[Shape::kBlockFragments];
#pragma unroll
      for (int f = 0; f < Shape::kBlockFragments; ++f)
        elements(scores[f]) = *reinterpret_cast<threadgroup const vec<float, 2>*>(row + 8 * f);
      const float factor = softmax[r].absorb(scores, weights[r]);
      if (careful) mark_hidden(weights[r], scores);
      // Later blocks rarely bring a larger score.
      if (simd_all(factor == 1.0f)) continue;
#pragma unroll
      for (int g = 0; g < Shape::kOwnGroups; ++g) out[r][g].scale(factor);
    }
  }

  /// O += P V in the columns of this simdgroup.
  METAL_FUNC void add_values(
      thread const Fragment<T> (&weights)[Shape::kRowFragments][Shape::kBlockFragments],
      thread const DecodeBlock& block, const device T* v, constant AttentionParams& p, bool careful) {
#pragma unroll
    for (int f = 0; f < Shape::kBlockFragments; ++f) {
      const device T* row = v + block.readable(8 * f + lane.row) * p.v.row;
#pragma unroll
      for (int g = 0; g < Shape::kOwnGroups; ++g) {
        const int group = simdgroup * Shape::kOwnGroups + g;
        if (group >= Shape::kValueGroups) continue;
        vec<T, 4> share = read_share<Shape::kValueWidth>(row, share_column(group, lane), p.value_dim);
        if (careful) add_special(weights, take_special(share), f, g);
#pragma unroll
        for (int r = 0; r < Shape::kRowFragments; ++r) out[r][g].multiply_add(weights[r][f], share);
      }
    }
  }

  METAL_FUNC void add_special(
      thread const Fragment<T> (&weights)[Shape::kRowFragments][Shape::kBlockFragments], vec<T, 4> special,
      int f, int g) {
    if (!simd_any(any(special != vec<T, 4>(T(0))))) return;
#pragma unroll
    for (int r = 0; r < Shape::kRowFragments; ++r) out[r][g].add_special(weights[r][f], special, lane, 1);
  }

  /// Key blocks of `range`.
  METAL_FUNC void add_blocks(thread const DecodeMemory<T>& from, constant AttentionParams& p,
                             thread const BlockRange& range, bool careful) {
    reset();
    const KeyBlocks all = key_blocks(p.band, 0, p.query_length, Shape::kBlock);
    for (int b = range.begin; b < range.end; ++b) {
      const DecodeBlock block{b * Shape::kBlock, p.band.keys - 1, all.are_plain(b)};
      threadgroup float* page = from.pages + b % 2 * Shape::kPage;
      score(page, block, from, p);
      // The next block's scores go to the other page: one barrier a block is enough.
      threadgroup_barrier(mem_flags::mem_threadgroup);
      Fragment<T> weights[Shape::kRowFragments][Shape::kBlockFragments];
      absorb(weights, page, careful);
      add_values(weights, block, from.v, p, careful);
    }
  }

  /// After the last block. True for a lane with a NaN that the row's scores do not explain.
  METAL_FUNC bool finish() {
    bool unexpected = false;
#pragma unroll
    for (int r = 0; r < Shape::kRowFragments; ++r) {
      softmax[r].finish();
#pragma unroll
      for (int g = 0; g < Shape::kOwnGroups; ++g)
        unexpected = unexpected || (any(isnan(out[r][g].share())) && !isnan(softmax[r].sum));
    }
    return unexpected;
  }

  /// The packed row that this lane holds of fragment `r`.
  METAL_FUNC int row(int r) const { return first_row + 8 * r + lane.row; }
  METAL_FUNC bool exists(int r) const { return row(r) < rows.count; }
  /// One lane of the threadgroup writes what a row has one of.
  METAL_FUNC bool writes_scalars(int r) const { return exists(r) && simdgroup == 0 && lane.column == 0; }

  /// A row times `factor`, this simdgroup's columns of it.
  template <typename To>
  METAL_FUNC void write_row(device To* to, int r, float factor, int dim) const {
#pragma unroll
    for (int g = 0; g < Shape::kOwnGroups; ++g) {
      const int group = simdgroup * Shape::kOwnGroups + g;
      if (group >= Shape::kValueGroups) continue;
      write_share<Shape::kValueWidth>(to, share_column(group, lane), dim, out[r][g].share() * factor);
    }
  }

  // The pointers below are those of row 0 of all heads.
  METAL_FUNC void write_out(device T* to, constant AttentionParams& p) const {
#pragma unroll
    for (int r = 0; r < Shape::kRowFragments; ++r) {
      const float sum = softmax[r].sum;
      if (exists(r)) write_row(to + rows.offset(p.out, row(r)), r, sum == 0 ? 0.0f : 1.0f / sum, p.value_dim);
    }
  }
  METAL_FUNC void write_partial_out(device float* to, int dim) const {
#pragma unroll
    for (int r = 0; r < Shape::kRowFragments; ++r)
      if (exists(r)) write_row(to + (rows.start + row(r)) * dim, r, 1, dim);
  }
  METAL_FUNC void write_lse(device float* lse) const {
#pragma unroll
    for (int r = 0; r < Shape::kRowFragments; ++r)
      if (writes_scalars(r)) lse[rows.start + row(r)] = log_of(softmax[r].largest, softmax[r].sum);
  }
  /// `all_rows` is the distance from the maxima to the denominators.
  METAL_FUNC void write_stats(device float* stats, Int64 all_rows) const {
#pragma unroll
    for (int r = 0; r < Shape::kRowFragments; ++r) {
      if (!writes_scalars(r)) continue;
      stats[rows.start + row(r)] = softmax[r].largest;
      stats[rows.start + row(r) + all_rows] = softmax[r].sum;
    }
  }
};

template <typename T, int width, int value_width, typename Tile>
[[kernel]] void decode(const device T* q [[buffer(binding::kQ)]], const device T* k [[buffer(binding::kK)]],
                       const device T* v [[buffer(binding::kV)]],
                       const device uchar* mask [[buffer(binding::kMask), function_constant(has_mask)]],
                       const device uchar* bias [[buffer(binding::kBias), function_constant(has_bias)]],
                       device T* out [[buffer(binding::kOut), function_constant(writes_rows)]],
                       device float* lse [[buffer(binding::kLse), function_constant(writes_row_lse)]],
                       device float* stats [[buffer(binding::kStats), function_constant(writes_row_stats)]],
                       device float* partial_out
                       [[buffer(binding::kPartialOut), function_constant(splits_keys)]],
                       device float* partial_stats
                       [[buffer(binding::kPartialStats), function_constant(splits_keys)]],
                       constant AttentionParams& p [[buffer(binding::kParams)]],
                       constant SplitParams& split [[buffer(binding::kSplitParams)]],
                       uint group [[threadgroup_position_in_grid]],
                       ushort simdgroup [[simdgroup_index_in_threadgroup]],
                       ushort lane [[thread_index_in_simdgroup]]) {
  using Shape = DecodeShape<width, value_width, Tile>;
  threadgroup vec<T, 2> queries[Shape::kQueryPairs];
  threadgroup vec<float, 2> pages[Shape::kPage];  // two pages of floats, read in pairs
  threadgroup uint words[Tile::kSimdgroups];
  const SpecialRows<Tile::kSimdgroups> votes{words};
  Decoder<T, Shape> decoder(simdgroup, lane);
  thread PackedRows& rows = decoder.rows;

  // Find task: chunks of rows that read the same keys are neighbours in the grid
  const int chunks = blocks_of(p.query_heads / p.kv_heads * p.query_length, Shape::kRows);
  const int task = int(group) + p.first_task, part = task / chunks % split.splits;
  decoder.first_row = task % chunks * Shape::kRows;
  rows.open(p, task / chunks / split.splits);
  const BlockRange seen = visible_blocks(p.band, 0, p.query_length, Shape::kBlock);
  const int share = split.keys_per_split / Shape::kBlock, begin = seen.begin + part * share;
  BlockRange range{begin, min(seen.end, begin + share)};

  // Stage queries
  DecodeMemory<T> from{k + rows.kv_offset(p.k),
                       v + rows.kv_offset(p.v),
                       {},
                       queries,
                       reinterpret_cast<threadgroup float*>(pages)};
  if (has_mask) from.added.mask = mask;
  if (has_bias) from.added.bias = bias;
  decoder.stage(queries, q, p);
  threadgroup_barrier(mem_flags::mem_threadgroup);  // the queries are there

  // Walk keys
  for (bool careful = false;; careful = true) {
    decoder.add_blocks(from, p, range, careful);
    const bool unexpected = decoder.finish();
    if (careful) break;
    votes.tell(unexpected ? 1 : 0, simdgroup, decoder.lane);
    threadgroup_barrier(mem_flags::mem_threadgroup);  // every simdgroup has told
    if (votes.rows() == 0) break;
  }

  // Write rows
  const Int64 all_rows = Int64(p.batch) * p.query_heads * p.query_length;
  if (splits_keys) {
    decoder.write_partial_out(partial_out + part * all_rows * p.value_dim, p.value_dim);
    decoder.write_stats(partial_stats + 2 * part * all_rows, all_rows);
  }
  if (writes_rows) decoder.write_out(out, p);
  if (writes_row_lse) decoder.write_lse(lse);
  if (writes_row_stats) decoder.write_stats(stats, all_rows);
}

}  // namespace fa
