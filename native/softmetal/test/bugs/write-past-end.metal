// A grid rounded up to whole threadgroups writes past the end.
// run: --function f --grid 2 --threads 64 --buffer 0=zeros:400
#include <metal_stdlib>
using namespace metal;

kernel void f(device float* out [[buffer(0)]], uint i [[thread_position_in_grid]]) {
#ifdef MENDED
  if (i < 100)
#endif
    out[i] = float(i);  // expect: out-of-bounds out
}
