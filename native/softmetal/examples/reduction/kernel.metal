// Sum of many numbers: registers, then a simdgroup, then a threadgroup, then one number per threadgroup.
#include <metal_stdlib>
using namespace metal;

kernel void sum(device const float* input [[buffer(0)]], device float* partial [[buffer(1)]],
                constant uint& count [[buffer(2)]], threadgroup float* scratch [[threadgroup(0)]],
                uint group [[threadgroup_position_in_grid]], uint groups [[threadgroups_per_grid]],
                uint thread_index [[thread_index_in_threadgroup]], uint threads [[threads_per_threadgroup]],
                uint lane [[thread_index_in_simdgroup]], uint simdgroup [[simdgroup_index_in_threadgroup]],
                uint simdgroups [[simdgroups_per_threadgroup]]) {
  float total = 0.0f;
  for (uint i = group * threads + thread_index; i < count; i += groups * threads) total += input[i];

  total = simd_sum(total);
  if (lane == 0) scratch[simdgroup] = total;
  threadgroup_barrier(mem_flags::mem_threadgroup);

  if (simdgroup == 0) {
    const float sum_of_groups = simd_sum(lane < simdgroups ? scratch[lane] : 0.0f);
    if (lane == 0) partial[group] = sum_of_groups;
  }
}
