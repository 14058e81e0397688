// A matrix product needs all 32 lanes.
// run: --function f --grid 1 --threads 32 --buffer 0=zeros:256
#include <metal_stdlib>
using namespace metal;

kernel void f(device float* out [[buffer(0)]], uint lane [[thread_index_in_simdgroup]]) {
  simdgroup_float8x8 a(1.0f), b(2.0f), c(0.0f);
#ifndef MENDED
  if (lane >= 16) return;
#endif
  simdgroup_multiply_accumulate(c, a, b, c);  // expect: divergent-simdgroup|inactive-lane
  simdgroup_store(c, out, 8);
}
