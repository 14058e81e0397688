// A barrier between the writes of a tile and their use by other threads is missing.
// run: --function f --grid 2 --threads 64 --buffer 0=zeros:512
#include <metal_stdlib>
using namespace metal;

kernel void f(device float* out [[buffer(0)]], uint i [[thread_index_in_threadgroup]],
              uint position [[thread_position_in_grid]]) {
  threadgroup float tile[64];
  tile[i] = float(i);
#ifdef MENDED
  threadgroup_barrier(mem_flags::mem_threadgroup);
#endif
  out[position] = tile[63 - i];  // expect: threadgroup-race|uninitialized
}
