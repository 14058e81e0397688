// A lane reads the value of one that has returned.
// run: --function f --grid 1 --threads 32 --buffer 0=zeros:128
#include <metal_stdlib>
using namespace metal;

kernel void f(device float* out [[buffer(0)]], uint lane [[thread_index_in_simdgroup]]) {
#ifndef MENDED
  if (lane >= 20) return;
#endif
  out[lane] = simd_shuffle_xor(float(lane), 4);  // expect: inactive-lane
}
