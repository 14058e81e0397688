// Two threadgroups write the two halves of one word: that is fine; writing the same half is not.
// run: --function f --grid 2 --threads 32 --buffer 0=zeros:256
#include <metal_stdlib>
using namespace metal;

kernel void f(device half* out [[buffer(0)]], uint group [[threadgroup_position_in_grid]],
              uint lane [[thread_index_in_threadgroup]]) {
#ifdef MENDED
  out[2 * lane + group] = half(lane);
#else
  out[2 * lane] = half(lane);  // expect: grid-race out
#endif
}
