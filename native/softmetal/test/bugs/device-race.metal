// Threads of a threadgroup exchange data through device memory; the barrier orders threadgroup memory only.
// run: --function f --grid 1 --threads 64 --buffer 0=zeros:256 --buffer 1=zeros:256
#include <metal_stdlib>
using namespace metal;

kernel void f(device float* scratch [[buffer(0)]], device float* out [[buffer(1)]],
              uint i [[thread_index_in_threadgroup]]) {
  scratch[i] = float(i);
#ifdef MENDED
  threadgroup_barrier(mem_flags::mem_device);
#else
  threadgroup_barrier(mem_flags::mem_threadgroup);
#endif
  out[i] = scratch[63 - i];  // expect: device-race scratch
}
