// The host gave less threadgroup memory than the kernel writes.
// run: --function f --grid 1 --threads 64 --buffer 0=zeros:256 --tgmem 0=256
#include <metal_stdlib>
using namespace metal;

kernel void f(device float* out [[buffer(0)]], threadgroup float* tile [[threadgroup(0)]],
              uint i [[thread_index_in_threadgroup]]) {
#ifdef MENDED
  const uint at = i;
#else
  const uint at = i + 16;
#endif
  tile[at] = 1.0f;  // expect: out-of-bounds tile
  out[i] = tile[at];
}
