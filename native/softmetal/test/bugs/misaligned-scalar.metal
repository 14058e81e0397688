// A uint is read at an odd byte.
// run: --function f --grid 1 --threads 8 --buffer 0=zeros:64 --buffer 1=zeros:32
#include <metal_stdlib>
using namespace metal;

kernel void f(device const uchar* in [[buffer(0)]], device uint* out [[buffer(1)]],
              uint i [[thread_position_in_grid]]) {
#ifdef MENDED
  out[i] = *(device const uint*)(in + 4 * i);
#else
  out[i] = *(device const uint*)(in + 4 * i + 1);  // expect: misaligned in
#endif
}
