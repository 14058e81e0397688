// Only half of the tile is filled, all of it is summed.
// run: --function f --grid 1 --threads 32 --buffer 0=zeros:128
#include <metal_stdlib>
using namespace metal;

kernel void f(device float* out [[buffer(0)]], uint i [[thread_index_in_threadgroup]]) {
  threadgroup float tile[64];
  tile[i] = 1.0f;
#ifdef MENDED
  tile[i + 32] = 1.0f;
#endif
  threadgroup_barrier(mem_flags::mem_threadgroup);
  out[i] = tile[i] + tile[63 - i];  // expect: uninitialized
}
