// Lanes of one simdgroup exchange data without a barrier: nothing promises lockstep.
// run: --function f --grid 1 --threads 32 --buffer 0=zeros:128
#include <metal_stdlib>
using namespace metal;

kernel void f(device float* out [[buffer(0)]], uint i [[thread_index_in_threadgroup]]) {
  threadgroup float tile[32];
  tile[i] = float(i);
#ifdef MENDED
  simdgroup_barrier(mem_flags::mem_threadgroup);
#endif
  out[i] = tile[i ^ 1];  // expect: threadgroup-race|uninitialized
}
