// A threadgroup reads what another one may not have written yet.
// run: --function f --grid 2 --threads 32 --buffer 0=zeros:8 --buffer 1=zeros:4
#include <metal_stdlib>
using namespace metal;

kernel void f(device float* partial [[buffer(0)]], device float* out [[buffer(1)]],
              uint group [[threadgroup_position_in_grid]], uint lane [[thread_index_in_threadgroup]]) {
  if (lane == 0) partial[group] = 1.0f;
#ifndef MENDED
  if (group == 1 && lane == 0) out[0] = partial[0] + partial[1];  // expect: grid-race partial
#endif
}
