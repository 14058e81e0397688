// Five-point average of a picture, its tile with a rim in threadgroup memory. One half4 is one pixel.
#include <metal_stdlib>
using namespace metal;

constant constexpr int kTile = 16;

static half4 pixel_at(device const half4* input, int2 place, int2 shape) {
  const int2 inside = clamp(place, int2(0), shape - 1);
  return input[inside.y * shape.x + inside.x];
}

kernel void average(device const half4* input [[buffer(0)]], device half4* output [[buffer(1)]],
                    constant int2& shape [[buffer(2)]], uint2 position [[thread_position_in_grid]],
                    uint2 place [[thread_position_in_threadgroup]],
                    uint2 group [[threadgroup_position_in_grid]], uint2 threads [[threads_per_threadgroup]],
                    uint thread_index [[thread_index_in_threadgroup]]) {
  threadgroup half4 tile[kTile + 2][kTile + 2];
  const int2 origin = int2(group) * kTile - 1;
  const uint count = threads.x * threads.y;
  for (uint i = thread_index; i < (kTile + 2) * (kTile + 2); i += count) {
    const int2 inner = int2(i % (kTile + 2), i / (kTile + 2));
    tile[inner.y][inner.x] = pixel_at(input, origin + inner, shape);
  }
  threadgroup_barrier(mem_flags::mem_threadgroup);

  const uint2 c = place + 1;
  const half4 sum =
      tile[c.y][c.x] + tile[c.y - 1][c.x] + tile[c.y + 1][c.x] + tile[c.y][c.x - 1] + tile[c.y][c.x + 1];
  output[position.y * shape.x + position.x] = sum * 0.2h;
}
