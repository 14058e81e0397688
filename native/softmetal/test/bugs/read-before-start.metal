// A window reaches before the first element.
// run: --function f --grid 1 --threads 32 --buffer 0=zeros:128 --buffer 1=zeros:128
#include <metal_stdlib>
using namespace metal;

kernel void f(device const float* in [[buffer(0)]], device float* out [[buffer(1)]],
              uint i [[thread_position_in_grid]]) {
  const int from = int(i) - 2;
#ifdef MENDED
  out[i] = from < 0 ? 0.0f : in[from];
#else
  out[i] = in[from];  // expect: out-of-bounds in
#endif
}
