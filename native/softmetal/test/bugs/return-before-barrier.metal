// Threads outside the problem return before a barrier that the others wait at.
// run: --function f --grid 1 --threads 64 --buffer 0=zeros:256 --bytes 1=uint:50
#include <metal_stdlib>
using namespace metal;

kernel void f(device float* out [[buffer(0)]], constant uint& count [[buffer(1)]],
              uint i [[thread_index_in_threadgroup]]) {
  threadgroup float tile[64];
#ifdef MENDED
  tile[i] = i < count ? float(i) : 0.0f;
#else
  if (i >= count) return;
  tile[i] = float(i);
#endif
  threadgroup_barrier(mem_flags::mem_threadgroup);  // expect: divergent-barrier
  if (i < count) out[i] = tile[count - 1 - i];
}
