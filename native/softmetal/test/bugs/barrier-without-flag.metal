// mem_none makes threads wait but orders no memory.
// run: --function f --grid 1 --threads 64 --buffer 0=zeros:256
#include <metal_stdlib>
using namespace metal;

kernel void f(device float* out [[buffer(0)]], uint i [[thread_index_in_threadgroup]]) {
  threadgroup float tile[64];
  tile[i] = float(i);
#ifdef MENDED
  threadgroup_barrier(mem_flags::mem_threadgroup);
#else
  threadgroup_barrier(mem_flags::mem_none);
#endif
  out[i] = tile[63 - i];  // expect: threadgroup-race|uninitialized
}
