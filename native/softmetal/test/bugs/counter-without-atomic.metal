// A counter of all threadgroups is raised without an atomic operation.
// run: --function f --grid 3 --threads 32 --buffer 0=zeros:4
#include <metal_stdlib>
using namespace metal;

kernel void f(device atomic_uint* count [[buffer(0)]], uint lane [[thread_index_in_threadgroup]]) {
  if (lane != 0) return;
#ifdef MENDED
  atomic_fetch_add_explicit(count, 1u, memory_order_relaxed);
#else
  device uint* plain = (device uint*)count;
  plain[0] += 1u;  // expect: grid-race count
#endif
}
