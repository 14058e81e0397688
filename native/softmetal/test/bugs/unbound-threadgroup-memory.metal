// The host did not say how long the threadgroup argument is.
// run: --function f --grid 1 --threads 32 --buffer 0=zeros:128
#include <metal_stdlib>
using namespace metal;

#ifdef MENDED
kernel void f(device float* out [[buffer(0)]], uint i [[thread_position_in_grid]]) { out[i] = float(i); }
#else
kernel void f(device float* out [[buffer(0)]],  // expect: unbound-argument tile
              threadgroup float* tile [[threadgroup(1)]], uint i [[thread_position_in_grid]]) {
  tile[i] = float(i);
  out[i] = tile[i];
}
#endif
