// A loop whose condition never changes.
// run: --function f --grid 1 --threads 32 --buffer 0=zeros:128 --bytes 1=float:0 --timeout 1
#include <metal_stdlib>
using namespace metal;

kernel void f(device float* out [[buffer(0)]], constant float& step [[buffer(1)]],
              uint i [[thread_position_in_grid]]) {
#ifdef MENDED
  const float stride = max(step, 0.25f);
#else
  const float stride = step;
#endif
  while (out[i] < 1.0f) {  // expect: hang
    out[i] += stride;      // expect: hang
  }
}
