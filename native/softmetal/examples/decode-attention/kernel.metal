// One query row against a long cache: each threadgroup takes a share of the keys, a second kernel merges the
// shares.
#include <metal_stdlib>
using namespace metal;

struct Shape {
  uint keys, capacity, splits;
  float scale;  // in units of log2
};

constant constexpr int kHeadDim = 64;
constant constexpr int kChunk = 32;  // keys at a time: one per lane

kernel void decode(device const float* query [[buffer(0)]],  // [heads, kHeadDim]
                   device const half* key [[buffer(1)]],     // [heads, capacity, kHeadDim]
                   device const half* value [[buffer(2)]],
                   device float* partial [[buffer(3)]],  // [heads, splits, kHeadDim]
                   device float2* maximum_and_sum [[buffer(4)]], constant Shape& shape [[buffer(5)]],
                   uint2 group [[threadgroup_position_in_grid]],  // split, head
                   uint lane [[thread_index_in_simdgroup]]) {
  threadgroup float probability[kChunk];
  const uint head = group.y;
  device const float* q = query + head * kHeadDim;
  device const half4* k = (device const half4*)(key + ulong(head) * shape.capacity * kHeadDim);
  device const half2* v = (device const half2*)(value + ulong(head) * shape.capacity * kHeadDim);

  float largest = -FLT_MAX / 2, sum = 0.0f;
  float2 output = 0.0f;
  for (uint chunk = group.x * kChunk; chunk < shape.keys; chunk += shape.splits * kChunk) {
    // Scores: a key to each lane.
    const uint own = chunk + lane;
    float score = -FLT_MAX / 2;
    if (own < shape.keys) {
      score = 0.0f;
      for (int i = 0; i < kHeadDim / 4; i++) {
        score += dot(float4(q[4 * i], q[4 * i + 1], q[4 * i + 2], q[4 * i + 3]),
                     float4(k[own * (kHeadDim / 4) + i]));
      }
      score *= shape.scale;
    }

    // Online softmax.
    const float before = largest;
    largest = max(largest, simd_max(score));
    const float factor = exp2(before - largest);
    const float weight = own < shape.keys ? exp2(score - largest) : 0.0f;
    sum = sum * factor + simd_sum(weight);
    output *= factor;

    // Values: two channels to each lane.
    simdgroup_barrier(mem_flags::mem_threadgroup);
    probability[lane] = weight;
    simdgroup_barrier(mem_flags::mem_threadgroup);
    const uint count = min(uint(kChunk), shape.keys - chunk);
    for (uint i = 0; i < count; i++)
      output += probability[i] * float2(v[(chunk + i) * (kHeadDim / 2) + lane]);
  }

  const uint row = head * shape.splits + group.x;
  ((device float2*)partial)[row * (kHeadDim / 2) + lane] = output;
  if (lane == 0) maximum_and_sum[row] = float2(largest, sum);
}

kernel void merge(device const float* partial [[buffer(0)]],
                  device const float2* maximum_and_sum [[buffer(1)]], device float* output [[buffer(2)]],
                  constant Shape& shape [[buffer(3)]], uint head [[threadgroup_position_in_grid]],
                  uint channel [[thread_position_in_threadgroup]]) {
  float largest = -FLT_MAX / 2;
  for (uint i = 0; i < shape.splits; i++) largest = max(largest, maximum_and_sum[head * shape.splits + i].x);
  float sum = 0.0f, result = 0.0f;
  for (uint i = 0; i < shape.splits; i++) {
    const uint row = head * shape.splits + i;
    const float factor = exp2(maximum_and_sum[row].x - largest);
    sum += factor * maximum_and_sum[row].y;
    result += factor * partial[row * kHeadDim + channel];
  }
  output[head * kHeadDim + channel] = result / sum;
}
