// What the other kernels of the backward pass need of every query row: shift and inverse of its probabilities
// and delta = dot(dOut, out) - dLse.
#include "tile/gradient.h"

namespace fa {
using namespace metal;

/// dot(dOut, out) of 8 rows, as the diagonal of dOut out^T: in the order in which the matrix unit sums dP. So
/// dP - delta is 0 to the bit where one key takes all and out is its v. Valid in lanes that hold_diagonal.
template <typename T, int width>
METAL_FUNC float diagonal_of_product(thread const OwnRows<T, width, kOwnInDevice>& d_out, HeadRows<T> out,
                                     int first, Lane lane) {
  const device T* column_rows[2];
#pragma unroll
  for (int e = 0; e < 2; ++e) column_rows[e] = out.row(min(first + lane.column + e, out.rows - 1)) + lane.row;
  Fragment<float> sums = zero_fragment<float>();
#pragma unroll(2)
  for (int d = 0; d < width / 8; ++d) {
    Fragment<T> right;
#pragma unroll
    for (int e = 0; e < 2; ++e)
      elements(right)[e] = aligned || 8 * d + lane.row < out.dim ? column_rows[e][8 * d] : T(0);
    simdgroup_multiply_accumulate(sums, d_out.load(d), right, sums);
  }
  return one_of(elements(sums), lane.row % 2);
}

/// lse in units of log2. The lowest float, of a row that a bias of it hides, stays finite as the row's scores
/// do.
METAL_FUNC float shift_of(float lse) {
  const float shift = lse * kLog2E;
  return is_finite(lse) ? clamp(shift, kLowest, -kLowest) : shift;
}

METAL_FUNC bool holds_diagonal(Lane lane) { return lane.row / 2 == lane.column / 2; }

template <typename T, int width, int value_width, typename Tile>
[[kernel]] void delta(
    const device T* out [[buffer(binding::kOut)]], const device T* d_out [[buffer(binding::kDOut)]],
    const device float* lse [[buffer(binding::kLse)]],
    const device float* stats [[buffer(binding::kStats), function_constant(has_stats)]],
    const device float* d_lse [[buffer(binding::kDLse), function_constant(has_d_lse)]],
    const device Sequence* sequences [[buffer(binding::kSequences), function_constant(has_sequences)]],
    const device TaskPlace* places [[buffer(binding::kTaskList), function_constant(is_packed)]],
    device float* row_terms [[buffer(binding::kRowTerms)]],
    constant AttentionParams& p [[buffer(binding::kParams)]],
    constant GradientParams& g [[buffer(binding::kGradientParams)]],
    uint group [[threadgroup_position_in_grid]], ushort simdgroup [[simdgroup_index_in_threadgroup]],
    ushort lane_index [[thread_index_in_simdgroup]]) {
  TaskInputs inputs;
  if (has_sequences) inputs.sequences = sequences;
  if (is_packed) inputs.places = places;
  Task task;
  task.open_queries(p, inputs, group, Tile::kGroupRows);
  Lane lane(lane_index);
  const int first = task.block * Tile::kGroupRows + simdgroup * 8, row = first + lane.row;

  // Delta
  const HeadRows<T> from = query_rows(out, p.out, task, task.head, p.value_dim);
  const HeadRows<T> from_d = query_rows(d_out, g.d_out, task, task.head, p.value_dim);
  OwnRows<T, value_width, kOwnInDevice> own;
  own.open(from_d.row(min(row, from_d.rows - 1)), p.value_dim, lane);
  float sum = diagonal_of_product(own, from, first, lane);
  if (!holds_diagonal(lane) || row >= from.rows) return;

  // Row terms
  const Int64 rows = all_rows(p), i = task.first_row(p, task.head) + row;
  if (has_d_lse) sum -= d_lse[i];
  const bool empty = has_stats ? stats[rows + i] == 0 : lse[i] == -INFINITY;
  row_terms[i] = empty ? INFINITY : has_stats ? stats[i] : shift_of(lse[i]);
  row_terms[rows + i] = empty || !has_stats ? 1 : 1 / stats[rows + i];
  row_terms[2 * rows + i] = sum;
}

}  // namespace fa
