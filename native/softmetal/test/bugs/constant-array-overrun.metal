// An index past the end of a buffer of parameters.
// run: --function f --grid 1 --threads 8 --buffer 0=zeros:32 --bytes 1=float:1,2,3,4
#include <metal_stdlib>
using namespace metal;

kernel void f(device float* out [[buffer(0)]], constant float* weights [[buffer(1)]],
              uint i [[thread_position_in_grid]]) {
#ifdef MENDED
  out[i] = weights[i % 4];
#else
  out[i] = weights[i];  // expect: out-of-bounds weights
#endif
}
