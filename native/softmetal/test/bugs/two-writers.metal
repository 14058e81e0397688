// Two threads write the same word of threadgroup memory.
// run: --function f --grid 1 --threads 64 --buffer 0=zeros:256
#include <metal_stdlib>
using namespace metal;

kernel void f(device float* out [[buffer(0)]], uint i [[thread_index_in_threadgroup]]) {
  threadgroup float tile[64];
#ifdef MENDED
  tile[i] = float(i);
#else
  tile[i / 2] = float(i);  // expect: threadgroup-race
#endif
  threadgroup_barrier(mem_flags::mem_threadgroup);
  out[i] = tile[i / 2];
}
