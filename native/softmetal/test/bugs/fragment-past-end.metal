// simdgroup_load reads a whole fragment where only a part of it exists.
// run: --function f --grid 1 --threads 32 --buffer 0=zeros:224 --buffer 1=zeros:256
#include <metal_stdlib>
using namespace metal;

kernel void f(device const float* in [[buffer(0)]], device float* out [[buffer(1)]]) {
  simdgroup_float8x8 tile = make_filled_simdgroup_matrix<float, 8, 8>(0.0f);
#ifndef MENDED
  simdgroup_load(tile, in, 8);  // expect: out-of-bounds in
#endif
  simdgroup_store(tile, out, 8);
}
