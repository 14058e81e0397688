// Transposition through threadgroup memory: both sides read and write whole rows. The grid is one of threads.
#include <metal_stdlib>
using namespace metal;

constant constexpr int kTile = 32;

kernel void transpose(device const float* input [[buffer(0)]], device float* output [[buffer(1)]],
                      constant uint2& shape [[buffer(2)]],  // columns, rows
                      uint2 group [[threadgroup_position_in_grid]],
                      ushort2 place [[thread_position_in_threadgroup]]) {
  threadgroup float tile[kTile][kTile + 1];
  for (int i = place.y; i < kTile; i += 8) {
    const uint2 from = group * kTile + uint2(place.x, i);
    if (all(from < shape)) tile[i][place.x] = input[from.y * shape.x + from.x];
  }
  threadgroup_barrier(mem_flags::mem_threadgroup);
  for (int i = place.y; i < kTile; i += 8) {
    const uint2 to = group.yx * kTile + uint2(place.x, i);
    if (all(to < shape.yx)) output[to.y * shape.y + to.x] = tile[place.x][i];
  }
}
