// 0u - 1u is a large index, four gigabytes away.
// run: --function f --grid 1 --threads 32 --buffer 0=zeros:128 --buffer 1=zeros:128
#include <metal_stdlib>
using namespace metal;

kernel void f(device const uchar* in [[buffer(0)]], device float* out [[buffer(1)]],
              uint i [[thread_position_in_grid]]) {
#ifdef MENDED
  const uint before = i == 0 ? 0u : i - 1u;
#else
  const uint before = i - 1u;
#endif
  out[i] = float(in[before]);  // expect: out-of-bounds in
}
