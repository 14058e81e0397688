// The tile of the next round overwrites what slower threads still read.
// run: --function f --grid 1 --threads 64 --buffer 0=zeros:256
#include <metal_stdlib>
using namespace metal;

kernel void f(device float* out [[buffer(0)]], uint i [[thread_index_in_threadgroup]]) {
  threadgroup float tile[64];
  float sum = 0.0f;
  for (int round = 0; round < 3; round++) {
    tile[i] = float(i + round);  // expect: threadgroup-race
    threadgroup_barrier(mem_flags::mem_threadgroup);
    sum += tile[(i + 33) % 64];  // expect: threadgroup-race
#ifdef MENDED
    threadgroup_barrier(mem_flags::mem_threadgroup);
#endif
  }
  out[i] = sum;
}
