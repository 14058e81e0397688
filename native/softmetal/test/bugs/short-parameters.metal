// setBytes: gave fewer bytes than the struct has.
// run: --function f --grid 1 --threads 4 --buffer 0=zeros:16 --bytes 1=uint:4,4
#include <metal_stdlib>
using namespace metal;

struct Shape {
  uint rows, columns;
#ifndef MENDED
  uint stride;
#endif
};

kernel void f(device uint* out [[buffer(0)]],  // expect: short-buffer shape
              constant Shape& shape [[buffer(1)]], uint i [[thread_position_in_grid]]) {
  out[i] = shape.rows;
}
