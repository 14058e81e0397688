// A loop whose condition never changes.
// run: --function f --grid 1 --threads 32 --buffer 0=zeros:128 --timeout 1
#include <metal_stdlib>
using namespace metal;

kernel void f(device float *out [[buffer(0)]], uint i [[thread_position_in_grid]]) {
  uint left = 5;
  while (left > 0) {  // expect: hang
    out[i] += 1.0f;  // expect: hang
#ifdef MENDED
    left--;
#endif
  }
}
