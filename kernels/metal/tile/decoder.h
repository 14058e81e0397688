// A threadgroup of decode.metal, as one of its simdgroups sees it.
#pragma once
#include "cache.h"
#include "dropout.h"
#include "softmax.h"

namespace fa {
using namespace metal;

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
  CachePlaces places;
  CacheRows k, v;
  ScoreInputs added;
  const device float* sinks;       ///< of all query heads; undefined without
  bool adds_sinks;                 ///< this split does
  threadgroup vec<T, 2>* queries;  ///< Q^T, fragment by fragment in the order in which lanes read it
  threadgroup float* pages;        ///< scores of two blocks
};

/// Probabilities of a block.
template <typename T, typename Shape>
struct DecodeWeights {
  Fragment<T> p[Shape::kRowFragments][Shape::kBlockFragments];  ///< 0 where dropout does not keep the pair
  uint kept[Shape::kRowFragments];                              ///< by dropout, as kept_keys() says
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

  METAL_FUNC void reset(thread const DecodeMemory<T>& from) {
#pragma unroll
    for (int r = 0; r < Shape::kRowFragments; ++r) {
      softmax[r].reset();
      if (has_sinks && from.adds_sinks)
        softmax[r].reset(from.sinks[rows.head(readable_row(r))], lane.column == 0);
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

  /// Products of eight keys with all rows, transposed. `key` is the lane's, from its first column on, and has
  /// `columns` from there.
  METAL_FUNC void multiply(thread Fragment<float> (&products)[Shape::kRowFragments], const device uchar* key,
                           int columns, threadgroup const vec<T, 2>* queries) {
#pragma unroll
    for (int r = 0; r < Shape::kRowFragments; ++r) products[r] = zero_fragment<float>();
#pragma unroll(4)
    for (int d = 0; d < Shape::kWidth / 8; ++d) {
      Fragment<T> left;
      elements(left) = read_key<T>(key, 8 * d, columns - 8 * d);
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
      const int key = 8 * f + lane.row, readable = block.readable(key);
      Fragment<float> products[Shape::kRowFragments];
      const Int64 element = from.places.offset(p.k, readable) + lane.column;
      multiply(products, from.k.start + element * (k_is_int8 ? 1 : sizeof(T)), p.head_dim - lane.column,
               from.queries);
      float scale = 1;
      if (k_is_int8) scale = from.k.scales[from.places.offset(from.places.cache->k_scale, readable)];
#pragma unroll
      for (int n = 0; n < 2 * Shape::kRowFragments; ++n) {
        const int row = n / 2 * 8 + lane.column + n % 2;
        const float integers = elements(products[n / 2])[n % 2];
        const float product = k_is_int8 ? integers * scale : integers;
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
  METAL_FUNC void absorb(thread DecodeWeights<T, Shape>& weights, threadgroup const float* page,
                         thread const DecodeBlock& block, constant AttentionParams& p, bool careful) {
#pragma unroll
    for (int r = 0; r < Shape::kRowFragments; ++r) {
      threadgroup const float* row = page + (8 * r + lane.row) * Shape::kScoreStride + lane.column;
      Fragment<float> scores[Shape::kBlockFragments];
#pragma unroll
      for (int f = 0; f < Shape::kBlockFragments; ++f)
        elements(scores[f]) = *reinterpret_cast<threadgroup const vec<float, 2>*>(row + 8 * f);
      const float factor = softmax[r].absorb(scores, weights.p[r]);
      if (has_dropout) drop(weights, r, block.first, p);
      if (careful) mark_hidden(weights.p[r], scores);
      // Later blocks rarely bring a larger score.
      if (simd_all(factor == 1.0f)) continue;
#pragma unroll
      for (int g = 0; g < Shape::kOwnGroups; ++g) out[r][g].scale(factor);
    }
  }

  /// After the softmax, whose denominator has the dropped pairs, too. What is kept grows at the end.
  METAL_FUNC void drop(thread DecodeWeights<T, Shape>& weights, int r, int first_key,
                       constant AttentionParams& p) const {
    const int row = readable_row(r);
    const Dropout dropout(p, rows.batch, rows.head(row));
    weights.kept[r] = dropout.kept_keys<Shape::kBlockFragments>(rows.query(row), first_key, lane);
#pragma unroll
    for (int f = 0; f < Shape::kBlockFragments; ++f)
#pragma unroll
      for (int e = 0; e < 2; ++e)
        if (!is_kept(weights.kept[r], f, e)) elements(weights.p[r][f])[e] = T(0);
  }

  /// O += P V in the columns of this simdgroup.
  METAL_FUNC void add_values(thread const DecodeWeights<T, Shape>& weights, thread const DecodeBlock& block,
                             thread const DecodeMemory<T>& from, constant AttentionParams& p, bool careful) {
#pragma unroll
    for (int f = 0; f < Shape::kBlockFragments; ++f) {
      const int key = block.readable(8 * f + lane.row);
      const device uchar* row = from.v.start + from.places.offset(p.v, key) * (v_is_int8 ? 1 : sizeof(T));
      float scale = 1;
      if (v_is_int8) scale = from.v.scales[from.places.offset(from.places.cache->v_scale, key)];
#pragma unroll
      for (int g = 0; g < Shape::kOwnGroups; ++g) {
        const int group = simdgroup * Shape::kOwnGroups + g;
        if (group >= Shape::kValueGroups) continue;
        vec<T, 4> share =
            read_value<T, Shape::kValueWidth>(row, share_column(group, lane), p.value_dim, scale);
        if (careful) add_special(weights, take_special(share), f, g);
#pragma unroll
        for (int r = 0; r < Shape::kRowFragments; ++r) out[r][g].multiply_add(weights.p[r][f], share);
      }
    }
  }

  /// Infinity times any probability is infinity, but NaN where the pair was dropped.
  METAL_FUNC void add_special(thread const DecodeWeights<T, Shape>& weights, vec<T, 4> special, int f,
                              int g) {
    if (!simd_any(any(special != vec<T, 4>(T(0))))) return;
#pragma unroll
    for (int r = 0; r < Shape::kRowFragments; ++r) {
      Fragment<T> factors = weights.p[r][f];
#pragma unroll
      for (int e = 0; e < 2; ++e)
        if (has_dropout && !is_hidden(elements(factors)[e]))
          elements(factors)[e] = is_kept(weights.kept[r], f, e) ? T(1) : T(0);
      out[r][g].add_special(factors, special, lane, has_dropout ? 0 : 1);
    }
  }

  /// Key blocks of `range`.
  METAL_FUNC void add_blocks(thread const DecodeMemory<T>& from, constant AttentionParams& p,
                             thread const BlockRange& range, bool careful) {
    reset(from);
    const KeyBlocks all = key_blocks(rows.sequence.band, 0, p.query_length, Shape::kBlock);
    for (int b = range.begin; b < range.end; ++b) {
      const DecodeBlock block{b * Shape::kBlock, (has_sequences ? rows.sequence.band.keys : p.band.keys) - 1,
                              all.are_plain(b)};
      threadgroup float* page = from.pages + b % 2 * Shape::kPage;
      score(page, block, from, p);
      // The next block's scores go to the other page: one barrier a block is enough.
      threadgroup_barrier(mem_flags::mem_threadgroup);
      DecodeWeights<T, Shape> weights;
      absorb(weights, page, block, p, careful);
      add_values(weights, block, from, p, careful);
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
  METAL_FUNC int readable_row(int r) const { return min(row(r), rows.count - 1); }
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
      const float factor = sum == 0 ? 0.0f : keep_factor_of(p) / sum;
      if (exists(r)) write_row(to + rows.offset(p.out, row(r)), r, factor, p.value_dim);
    }
  }
  METAL_FUNC void write_partial_out(device float* to, constant AttentionParams& p) const {
#pragma unroll
    for (int r = 0; r < Shape::kRowFragments; ++r)
      if (exists(r)) write_row(to + (rows.start + row(r)) * p.value_dim, r, keep_factor_of(p), p.value_dim);
  }
  METAL_FUNC void write_lse(device float* lse, thread const DecodeMemory<T>& from) const {
#pragma unroll
    for (int r = 0; r < Shape::kRowFragments; ++r) {
      if (!writes_scalars(r)) continue;
      const float sink = has_sinks ? from.sinks[rows.head(row(r))] : -INFINITY;
      lse[rows.start + row(r)] = lse_of(softmax[r].largest, softmax[r].sum, sink);
    }
  }
  /// `distance` is that from the maxima to the denominators.
  METAL_FUNC void write_stats(device float* stats, Int64 distance) const {
#pragma unroll
    for (int r = 0; r < Shape::kRowFragments; ++r) {
      if (!writes_scalars(r)) continue;
      stats[rows.start + row(r)] = softmax[r].largest;
      stats[rows.start + row(r) + distance] = softmax[r].sum;
    }
  }
};

}  // namespace fa
