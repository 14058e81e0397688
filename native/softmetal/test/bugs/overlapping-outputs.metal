// Neighbouring threadgroups write the same element.
// run: --function f --grid 4 --threads 32 --buffer 0=zeros:516
#include <metal_stdlib>
using namespace metal;

kernel void f(device float* out [[buffer(0)]], uint i [[thread_position_in_grid]],
              uint group [[threadgroup_position_in_grid]], uint lane [[thread_index_in_threadgroup]]) {
#ifdef MENDED
  out[i] = float(i);
#else
  out[group * 31 + lane] = float(i);  // expect: grid-race out
#endif
}
