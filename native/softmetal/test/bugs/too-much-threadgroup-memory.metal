// The static arrays take more than the device has.
// run: --function f --grid 1 --threads 32 --buffer 0=zeros:128
#include <metal_stdlib>
using namespace metal;

#ifdef MENDED
constant constexpr int kLength = 8192;
#else
constant constexpr int kLength = 8193;
#endif

kernel void f(device float* out [[buffer(0)]],  // expect: threadgroup-memory
              uint i [[thread_index_in_threadgroup]]) {
  threadgroup float tile[kLength];
  tile[kLength - 1 - i] = float(i);
  out[i] = tile[kLength - 1 - i];
}
