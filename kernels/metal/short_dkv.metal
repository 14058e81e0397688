// dV = P^T dOut and dK = scale * dS^T Q for few query rows: those of a kv head's whole group share fragments.
// A simdgroup owns eight keys and works transposed: P^T and dS^T of all rows stay in registers, each column
// group of dV and dK is summed over the rows and stored at once. No threadgroup memory, no barrier: the rows
// are few enough to come from the cache again.
#include "tile/gradient.h"
#include "tile/packed_rows.h"

namespace fa {
using namespace metal;

/// Eight keys and all packed rows, of which there are at most Tile::kRows.
template <typename T, typename Tile>
struct ShortKeys {
  static constant constexpr int kFragments = Tile::kRowFragments;
  /// Fragments of rows whose addresses are kept at a time, for the sake of registers.
  static constant constexpr int kAtOnce = kFragments < 4 ? kFragments : 4;
  static_assert(kFragments % kAtOnce == 0, "all fragments have their turn");
  typedef Fragment<float> Products[kFragments];
  /// Of the two rows of each fragment that a lane needs, in its column of a fragment of columns.
  struct Addresses {
    const device T* row[kAtOnce][2];
  };

  PackedRows rows;
  Lane lane;
  int fragments;  ///< of rows that may see the keys
  int key;        ///< this lane's
  Fragment<T> p[kFragments];
  Fragment<T> d_scores[kFragments];

  METAL_FUNC explicit ShortKeys(ushort lane_index) : lane(lane_index) {}

  /// products = own * rows^T, of a lane's own row and the rows of `from`. Rows past the end are the last one
  /// again: they are hidden.
  template <int width>
  METAL_FUNC void multiply(thread Products& products, thread const OwnRows<T, width, kOwnInDevice>& own,
                           const device T* from, RowStrides strides, int dim) const {
#pragma unroll
    for (int first = 0; first < kFragments; first += kAtOnce) {
      Addresses at;
#pragma unroll
      for (int f = 0; f < kAtOnce; ++f) {
        products[first + f] = zero_fragment<float>();
#pragma unroll
        for (int e = 0; e < 2; ++e) {
          const int index = min(8 * (first + f) + lane.column + e, rows.count - 1);
          at.row[f][e] = from + rows.offset(strides, index) + lane.row;
        }
      }
      if (first < fragments) multiply_some<width>(products, own, at, first, dim);
    }
  }

  template <int width>
  METAL_FUNC void multiply_some(thread Products& products, thread const OwnRows<T, width, kOwnInDevice>& own,
                                thread const Addresses& at, int first, int dim) const {
    for (int d = 0; d < width / 8; ++d) {
      const Fragment<T> left = own.load(d);
      const bool exists = aligned || 8 * d + lane.row < dim;
#pragma unroll
      for (int f = 0; f < kAtOnce; ++f) {
        if (first + f >= fragments) continue;
        Fragment<T> right;
        elements(right) = vec<T, 2>(exists ? at.row[f][0][8 * d] : T(0), exists ? at.row[f][1][8 * d] : T(0));
        simdgroup_multiply_accumulate(products[first + f], left, right, products[first + f]);
      }
    }
  }

  /// Which pairs dropout keeps: bit 2f + e for element e of fragment f. By all lanes.
  METAL_FUNC uint kept_pairs(constant AttentionParams& params) {
    uint kept = 0;
#pragma unroll
    for (int turn = 0; turn < Dropout::shared_turns(kFragments); ++turn) {
      const int element = Dropout::shared_element(turn, lane);
      const int row = min(element / 2 * 8 + lane.column + element % 2, rows.count - 1);
      const Dropout dropout(params, rows.batch, rows.head(row));
      kept |= dropout.kept_of_quad(rows.query(row), key / 4) << 4 * turn;
    }
    return Dropout::deal_out<kFragments>(kept, lane);
  }

  /// P^T and dS^T. True when some hidden pair is NaN or infinite and sums must leave it out.
  METAL_FUNC bool weigh(thread const Products& products, thread const Products& d_p,
                        const device float* row_terms, thread const ScoreInputs& inputs,
                        constant AttentionParams& params, bool plain) {
    const Int64 all = all_rows(params);
    uint kept = 0;
    if (has_dropout) kept = kept_pairs(params);
    bool special = false;
#pragma unroll
    for (int n = 0; n < 2 * kFragments; ++n) {
      const int f = n / 2, e = n % 2, row = 8 * f + lane.column + e;
      const float product = elements(products[f])[e];
      PairWeights<T> pair;
      bool hidden = f >= fragments || row >= rows.count, is_special = !is_finite(product);
      if (!hidden) {
        const device float* at = row_terms + rows.start + row;
        const RowTerms terms{at[0], at[all], at[2 * all]};
        is_special = is_special || !is_finite(terms.delta);
        float score = product * params.scale_log2, derivative = 1;
        if (!plain) {
          HeadScores scores;
          rows.open(scores, inputs, params, row);
          const float capped = scores.capped(product);
          score = scores.score_of_capped(capped, rows.query(row), key);
          derivative = scores.cap_derivative(capped);
          hidden = is_hidden(scores, score, is_special, rows.query(row), key);
        }
        pair.set(score, elements(d_p[f])[e], terms, keep_factors(params.dropout, is_kept(kept, f, e)),
                 derivative, true);
      }
      if (hidden) pair.hide();
      elements(p[f])[e] = pair.p;
      elements(d_scores[f])[e] = pair.d_score;
      special = special || (hidden && is_special);
    }
    return simd_any(special);
  }

  /// Keeps dS at `kept`, its row 0 in the scratch. Columns up to the next multiple of eight exist.
  METAL_FUNC void keep(device T* kept, int stride) const {
#pragma unroll
    for (int n = 0; n < 2 * kFragments; ++n) {
      const int row = n / 2 * 8 + lane.column + n % 2;
      if (row < rows.count && key < stride)
        kept[Int64(row) * stride + key] = elements(d_scores[n / 2])[n % 2];
    }
  }

  /// to = factor * weights * rows: the lane's key, of which `dim` columns exist.
  template <int width>
  METAL_FUNC void write_sums(device T* to, thread const Fragment<T> (&weights)[kFragments],
                             const device T* from, RowStrides strides, int dim, float factor, bool special,
                             int keys) const {
    for (int g = 0; g < column_groups(width); ++g) {
      const int column = share_column(g, lane);
      ColumnGroup sum;
      sum.reset();
#pragma unroll
      for (int f = 0; f < kFragments; ++f) {
        if (f >= fragments) continue;
        const int row = 8 * f + lane.row;
        vec<T, 4> share = vec<T, 4>(T(0));
        if (row < rows.count) share = read_share<width>(from + rows.offset(strides, row), column, dim);
        if (special) {
          sum.add_special(weights[f], share, lane);
        } else {
          sum.multiply_add(weights[f], share);
        }
      }
      if (key < keys) write_share<width>(to, column, dim, sum.share() * factor);
    }
  }
};

template <typename T, int width, int value_width, typename Tile>
[[kernel]] void short_dkv(
    const device T* q [[buffer(binding::kQ)]], const device T* k [[buffer(binding::kK)]],
    const device T* v [[buffer(binding::kV)]], const device T* d_out [[buffer(binding::kDOut)]],
    const device float* row_terms [[buffer(binding::kRowTerms)]],
    const device uchar* mask [[buffer(binding::kMask), function_constant(has_mask)]],
    const device uchar* bias [[buffer(binding::kBias), function_constant(has_bias)]],
    const device float* slopes [[buffer(binding::kAlibiSlopes), function_constant(has_alibi)]],
    const device Sequence* sequences [[buffer(binding::kSequences), function_constant(has_sequences)]],
    device T* d_k [[buffer(binding::kDk)]], device T* d_v [[buffer(binding::kDv)]],
    device T* kept [[buffer(binding::kDScores), function_constant(stores_d_scores)]],
    constant AttentionParams& p [[buffer(binding::kParams)]],
    constant GradientParams& g [[buffer(binding::kGradientParams)]],
    uint group [[threadgroup_position_in_grid]], ushort simdgroup [[simdgroup_index_in_threadgroup]],
    ushort lane_index [[thread_index_in_simdgroup]]) {
  static_assert(Tile::kBlock == 8, "a simdgroup owns one fragment of keys");
  ShortKeys<T, Tile> own(lane_index);
  ScoreInputs inputs;
  if (has_mask) inputs.mask = mask;
  if (has_bias) inputs.bias = bias;
  if (has_alibi) inputs.alibi_slopes = slopes;
  TaskInputs task_inputs;
  if (has_sequences) task_inputs.sequences = sequences;

  // Own keys
  Task task;
  open_keys(task, p, g, task_inputs, group);
  const int first = (task.block * Tile::kSimdgroups + simdgroup) * Tile::kBlock;
  const KeyBlocks blocks = key_blocks(task.sequence.band, 0, p.query_length, Tile::kBlock);
  own.rows.open(p, task_inputs, task.batch * p.kv_heads + task.head);
  own.fragments = blocks.see(first / Tile::kBlock) ? blocks_of(own.rows.count, 8) : 0;
  own.key = first + own.lane.row;

  // Weigh pairs
  bool special = false;
  if (own.fragments > 0) {
    const Int64 readable = min(own.key, task.sequence.band.keys - 1);
    OwnRows<T, width, kOwnInDevice> keys;
    OwnRows<T, value_width, kOwnInDevice> values;
    keys.open(k + own.rows.kv_offset(p.k) + readable * p.k.row, p.head_dim, own.lane);
    values.open(v + own.rows.kv_offset(p.v) + readable * p.v.row, p.value_dim, own.lane);
    Fragment<float> products[Tile::kRowFragments], d_p[Tile::kRowFragments];
    own.template multiply<width>(products, keys, q, p.q, p.head_dim);
    own.template multiply<value_width>(d_p, values, d_out, g.d_out, p.value_dim);
    special = own.weigh(products, d_p, row_terms, inputs, p, blocks.are_plain(first / Tile::kBlock));
    if (stores_d_scores) {
      const int stride = kept_stride(p);
      own.keep(kept + (own.rows.start - Int64(g.first_head) * p.query_length) * stride, stride);
    }
  }

  // Write gradients
  device T* to_v = d_v + own.rows.kv_offset(g.dv) + own.key * g.dv.row;
  device T* to_k = d_k + own.rows.kv_offset(g.dk) + own.key * g.dk.row;
  own.template write_sums<value_width>(to_v, own.p, d_out, g.d_out, p.value_dim, kept_factor(p), special,
                                       p.key_length);
  own.template write_sums<width>(to_k, own.d_scores, q, p.q, p.head_dim, p.scale, special, p.key_length);
}

}  // namespace fa
