// Histogram of bytes: atomics in threadgroup memory first, so that few threads meet at the same word of
// device memory.
#include <metal_stdlib>
using namespace metal;

constant constexpr uint kBins = 256;

kernel void histogram(device const uchar4* pixels [[buffer(0)]], device atomic_uint* bins [[buffer(1)]],
                      constant uint& count [[buffer(2)]], uint position [[thread_position_in_grid]],
                      uint thread_index [[thread_index_in_threadgroup]],
                      uint threads [[threads_per_threadgroup]]) {
  threadgroup atomic_uint local[kBins];
  for (uint i = thread_index; i < kBins; i += threads)
    atomic_store_explicit(&local[i], 0u, memory_order_relaxed);
  threadgroup_barrier(mem_flags::mem_threadgroup);

  if (position < count) {
    const uchar4 four = pixels[position];
    for (int i = 0; i < 4; i++) atomic_fetch_add_explicit(&local[four[i]], 1u, memory_order_relaxed);
  }
  threadgroup_barrier(mem_flags::mem_threadgroup);

  for (uint i = thread_index; i < kBins; i += threads) {
    const uint found = atomic_load_explicit(&local[i], memory_order_relaxed);
    if (found > 0) atomic_fetch_add_explicit(&bins[i], found, memory_order_relaxed);
  }
}
