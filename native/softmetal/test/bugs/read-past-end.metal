// The last thread reads one element past the end.
// run: --function f --grid 1 --threads 64 --buffer 0=zeros:256 --buffer 1=zeros:256
#include <metal_stdlib>
using namespace metal;

kernel void f(device const float* in [[buffer(0)]], device float* out [[buffer(1)]],
              uint i [[thread_position_in_grid]]) {
#ifdef MENDED
  out[i] = in[i] + (i + 1 < 64 ? in[i + 1] : 0.0f);
#else
  out[i] = in[i] + in[i + 1];  // expect: out-of-bounds in
#endif
}
