// Three simdgroups read a word that the first then overwrites: the reader in the middle counts, too.
// run: --function f --grid 1 --threads 96 --buffer 0=zeros:384
#include <metal_stdlib>
using namespace metal;

kernel void f(device float* out [[buffer(0)]], uint i [[thread_index_in_threadgroup]],
              uint simdgroup [[simdgroup_index_in_threadgroup]]) {
  threadgroup float word;
  if (i == 0) word = 1.0f;
  threadgroup_barrier(mem_flags::mem_threadgroup);
  float value = 0.0f;
  if (i % 32 == 0) value = word;
  simdgroup_barrier(mem_flags::mem_threadgroup);
#ifdef MENDED
  threadgroup_barrier(mem_flags::mem_threadgroup);
#endif
  if (i == 1) word = 2.0f;  // expect: threadgroup-race
  out[i] = value;
}
