// A threadgroup spins on a flag: nothing promises that two threadgroups run at a time.
// run: --function f --grid 2 --threads 32 --buffer 0=zeros:4 --workers 1 --timeout 1
#include <metal_stdlib>
using namespace metal;

kernel void f(device atomic_uint* flag [[buffer(0)]], uint group [[threadgroup_position_in_grid]],
              uint lane [[thread_index_in_simdgroup]]) {
  if (lane != 0) return;
#ifndef MENDED
  while (atomic_load_explicit(flag, memory_order_relaxed) != 2u) {                // expect: hang
    atomic_fetch_max_explicit(flag, group == 5 ? 2u : 1u, memory_order_relaxed);  // expect: hang
  }
#else
  atomic_fetch_max_explicit(flag, group + 1u, memory_order_relaxed);
#endif
}
