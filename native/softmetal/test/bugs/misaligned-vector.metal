// A float4 is read from an address that is a multiple of four bytes only.
// run: --function f --grid 1 --threads 8 --buffer 0=zeros:256 --buffer 1=zeros:128
#include <metal_stdlib>
using namespace metal;

kernel void f(device const float* in [[buffer(0)]], device float4* out [[buffer(1)]],
              uint i [[thread_position_in_grid]]) {
#ifdef MENDED
  device const packed_float4* from = (device const packed_float4*)(in + 1);
  out[i] = float4(from[i]);
#else
  device const float4* from = (device const float4*)(in + 1);
  out[i] = from[i];  // expect: misaligned in
#endif
}
