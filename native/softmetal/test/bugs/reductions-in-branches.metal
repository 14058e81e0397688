// Lanes of one simdgroup are at different reductions.
// run: --function f --grid 1 --threads 32 --buffer 0=zeros:128
#include <metal_stdlib>
using namespace metal;

kernel void f(device float* out [[buffer(0)]], uint i [[thread_index_in_threadgroup]]) {
  const float value = float(i);
#ifdef MENDED
  const float sum = simd_sum(value), largest = simd_max(value);
  out[i] = i % 2 == 0 ? sum : largest;
#else
  if (i % 2 == 0) {
    out[i] = simd_sum(value);  // expect: divergent-simdgroup
  } else {
    out[i] = simd_max(value);  // expect: divergent-simdgroup
  }
#endif
}
