// Half of the threads never reach the barrier.
// run: --function f --grid 1 --threads 64 --buffer 0=zeros:256
#include <metal_stdlib>
using namespace metal;

kernel void f(device float* out [[buffer(0)]], uint i [[thread_index_in_threadgroup]]) {
#ifdef MENDED
  threadgroup_barrier(mem_flags::mem_threadgroup);
#else
  if (i < 40) threadgroup_barrier(mem_flags::mem_threadgroup);  // expect: divergent-barrier
#endif
  out[i] = float(i);
}
