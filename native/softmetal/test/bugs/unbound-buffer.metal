// The kernel has an argument that the host did not set.
// run: --function f --grid 1 --threads 32 --buffer 0=zeros:128
#include <metal_stdlib>
using namespace metal;

#ifdef MENDED
kernel void f(device float* out [[buffer(0)]], uint i [[thread_position_in_grid]]) { out[i] = float(i); }
#else
kernel void f(device float* out [[buffer(0)]],  // expect: unbound-argument weights
              device const float* weights [[buffer(3)]], uint i [[thread_position_in_grid]]) {
  out[i] = float(i) * weights[0];
}
#endif
