// Threadgroup memory of an argument is not zero at the start.
// run: --function f --grid 1 --threads 32 --buffer 0=zeros:128 --tgmem 0=128
#include <metal_stdlib>
using namespace metal;

kernel void f(device float* out [[buffer(0)]], threadgroup float* sums [[threadgroup(0)]],
              uint i [[thread_index_in_threadgroup]]) {
#ifdef MENDED
  sums[i] = 0.0f;
#endif
  sums[i] += float(i);  // expect: uninitialized sums
  out[i] = sums[i];
}
