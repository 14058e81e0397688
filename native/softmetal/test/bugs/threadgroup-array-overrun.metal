// A loop runs one element past a threadgroup array.
// run: --function f --grid 1 --threads 32 --buffer 0=zeros:128
#include <metal_stdlib>
using namespace metal;

kernel void f(device float* out [[buffer(0)]], uint i [[thread_index_in_threadgroup]]) {
  threadgroup float tile[32];
  tile[i] = 1.0f;
  threadgroup_barrier(mem_flags::mem_threadgroup);
  float sum = 0.0f;
#ifdef MENDED
  for (int j = 0; j < 32; j++) sum += tile[j];
#else
  for (int j = 0; j <= 32; j++) sum += tile[j];  // expect: out-of-bounds
#endif
  out[i] = sum;
}
