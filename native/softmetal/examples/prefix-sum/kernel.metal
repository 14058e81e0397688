// Inclusive prefix sum in three kernels: within blocks, over the blocks' totals, and the totals added back.
#include <metal_stdlib>
using namespace metal;

constant uint block_size [[function_constant(0)]];
constant bool keep_totals [[function_constant(1)]];

kernel void scan(device const uint* input [[buffer(0)]], device uint* output [[buffer(1)]],
                 constant uint& count [[buffer(2)]],
                 device uint* totals [[buffer(3), function_constant(keep_totals)]],
                 uint position [[thread_position_in_grid]], uint group [[threadgroup_position_in_grid]],
                 uint lane [[thread_index_in_simdgroup]], uint simdgroup [[simdgroup_index_in_threadgroup]],
                 uint thread_index [[thread_position_in_threadgroup]]) {
  threadgroup uint sums[32];
  const uint value = position < count ? input[position] : 0u;
  const uint scanned = simd_prefix_inclusive_sum(value);
  if (lane == 31) sums[simdgroup] = scanned;
  threadgroup_barrier(mem_flags::mem_threadgroup);

  if (simdgroup == 0) {
    const uint own = lane < block_size / 32 ? sums[lane] : 0u;
    const uint before = simd_prefix_exclusive_sum(own);
    simdgroup_barrier(mem_flags::mem_threadgroup);
    sums[lane] = before;
  }
  threadgroup_barrier(mem_flags::mem_threadgroup);

  const uint result = scanned + sums[simdgroup];
  if (position < count) output[position] = result;
  if (keep_totals && thread_index == block_size - 1) totals[group] = result;
}

kernel void add_totals(device uint* output [[buffer(0)]], device const uint* totals [[buffer(1)]],
                       constant uint& count [[buffer(2)]], uint position [[thread_position_in_grid]],
                       uint group [[threadgroup_position_in_grid]]) {
  if (group > 0 && position < count) output[position] += totals[group - 1];
}
