// A cast takes const away from read-only parameters.
// run: --function f --grid 1 --threads 4 --buffer 0=zeros:16 --bytes 1=float:1,2,3,4
#include <metal_stdlib>
using namespace metal;

kernel void f(device float* out [[buffer(0)]], constant float* weights [[buffer(1)]],
              uint i [[thread_position_in_grid]]) {
#ifndef MENDED
  const_cast<thread float*>((const thread float*)weights)[i] = 0.0f;  // expect: write-to-constant weights
#endif
  out[i] = weights[i];
}
