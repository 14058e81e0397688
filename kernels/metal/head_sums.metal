// Gradients that are one number for a query head, of terms that another kernel left for every query row:
//   dAlibiSlopes = -sum of slope terms,   dSinks = -sum of exp(sink - lse) * delta.
// A threadgroup owns a number. Threads take the rows in turn and their sums are added as a tree, so that the
// order of additions depends on the shape only.
#include "tile/gradient.h"
#include "tile/softmax.h"

namespace fa {
using namespace metal;

/// exp(sink - lse) * delta of a row, whose terms are `rows` floats apart. 0 for a row that sees nothing and
/// has no sink.
METAL_FUNC float sink_term(const device float* row_terms, Int64 rows, float sink) {
  const RowTerms row{row_terms[0], row_terms[rows], row_terms[2 * rows]};
  if (row.shift == INFINITY) return 0;
  const float score = is_finite(sink) ? sink_log2(sink) : sink;
  return exp2_of(score - row.shift) * row.inverse * row.delta;
}

template <typename T, int width, int value_width, typename Tile>
[[kernel]] void head_sums(
    const device float* slope_terms [[buffer(binding::kSlopeTerms), function_constant(sums_slopes)]],
    const device float* row_terms [[buffer(binding::kRowTerms), function_constant(has_sinks)]],
    const device float* sinks [[buffer(binding::kSinks), function_constant(has_sinks)]],
    const device Sequence* sequences [[buffer(binding::kSequences), function_constant(has_sequences)]],
    device float* sums [[buffer(binding::kHeadSums)]],
    constant AttentionParams& p [[buffer(binding::kParams)]],
    constant GradientParams& g [[buffer(binding::kGradientParams)]],
    uint group [[threadgroup_position_in_grid]], uint thread_index [[thread_index_in_threadgroup]]) {
  threadgroup float partial[Tile::kThreads];
  TaskInputs inputs;
  if (has_sequences) inputs.sequences = sequences;
  const int number = int(group) + p.first_task, head = number % p.query_heads;
  const bool all_batches = g.heads == p.query_heads;
  const int begin = all_batches ? 0 : number / p.query_heads, end = all_batches ? p.batch : begin + 1;

  // Own rows
  float sum = 0;
  for (int batch = begin; batch < end; ++batch) {
    Task task;
    task.open(p, inputs, batch, head, 0);
    const Int64 first = task.first_row(p, head);
    for (int row = int(thread_index); row < task.sequence.queries; row += Tile::kThreads)
      sum += sums_slopes ? slope_terms[first + row]
                         : sink_term(row_terms + first + row, all_rows(p), sinks[head]);
  }

  // Tree
  for (int half_count = Tile::kThreads / 2; half_count > 0; half_count /= 2) {
    partial[thread_index] = sum;
    threadgroup_barrier(mem_flags::mem_threadgroup);  // all sums are there
    if (int(thread_index) < half_count) sum += partial[thread_index + half_count];
    threadgroup_barrier(mem_flags::mem_threadgroup);  // all have been read
  }
  if (thread_index == 0) sums[number] = -sum;
}

}  // namespace fa
