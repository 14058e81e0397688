// Threads go round a loop with a barrier in it a different number of times.
// run: --function f --grid 1 --threads 64 --buffer 0=zeros:256
#include <metal_stdlib>
using namespace metal;

kernel void f(device float* out [[buffer(0)]], uint i [[thread_index_in_threadgroup]]) {
#ifdef MENDED
  const uint rounds = 3;
#else
  const uint rounds = i < 32 ? 3 : 2;
#endif
  float sum = 0.0f;
  for (uint round = 0; round < rounds; round++) {
    threadgroup_barrier(mem_flags::mem_threadgroup);  // expect: divergent-barrier
    sum += 1.0f;
  }
  out[i] = sum;
}
