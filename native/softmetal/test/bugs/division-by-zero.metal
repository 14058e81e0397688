// An integer division by a count that may be zero.
// run: --function f --grid 1 --threads 4 --buffer 0=zeros:16 --bytes 1=int:0
#include <metal_stdlib>
using namespace metal;

kernel void f(device int* out [[buffer(0)]], constant int& count [[buffer(1)]],
              uint i [[thread_position_in_grid]]) {
#ifdef MENDED
  out[i] = count == 0 ? 0 : int(i) / count;
#else
  out[i] = int(i) / count;  // expect: integer-division
#endif
}
