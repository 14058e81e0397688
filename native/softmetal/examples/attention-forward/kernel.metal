// Tiled attention, forward: softmax(Q K^T) V for [heads, length, 64] in float. A simdgroup owns eight query
// rows.
#include <metal_stdlib>
using namespace metal;

struct Shape {
  uint length;
  float scale;  // in units of log2
};

constant constexpr int kHeadDim = 64;
constant constexpr int kFragments = kHeadDim / 8;
constant constexpr int kSimdgroups = 4;
constant constexpr int kQueryRows = 8 * kSimdgroups;
constant constexpr int kKeyRows = 32;
constant constexpr int kStride = kHeadDim + 4;  // rows start in different banks

typedef simdgroup_float8x8 Fragment;

// The four lanes that hold one row of a fragment differ in bits 0 and 3.
static float row_max(float value) {
  value = max(value, simd_shuffle_xor(value, 1));
  return max(value, simd_shuffle_xor(value, 8));
}
static float row_sum(float value) {
  value += simd_shuffle_xor(value, 1);
  return value + simd_shuffle_xor(value, 8);
}

static void stage(device const float* from, threadgroup float (&tile)[kKeyRows][kStride], uint first,
                  uint length, uint thread_index) {
  for (int i = int(thread_index); i < kKeyRows * kHeadDim; i += 32 * kSimdgroups) {
    const uint row = first + i / kHeadDim;
    tile[i / kHeadDim][i % kHeadDim] = row < length ? from[row * kHeadDim + i % kHeadDim] : 0.0f;
  }
}

kernel void attention(device const float* query [[buffer(0)]], device const float* key [[buffer(1)]],
                      device const float* value [[buffer(2)]], device float* output [[buffer(3)]],
                      constant Shape& shape [[buffer(4)]],
                      uint2 group [[threadgroup_position_in_grid]],  // query block, head
                      uint thread_index [[thread_index_in_threadgroup]],
                      uint simdgroup [[simdgroup_index_in_threadgroup]],
                      uint lane [[thread_index_in_simdgroup]]) {
  threadgroup float tile[kKeyRows][kStride];
  const uint head = group.y * shape.length * kHeadDim;
  const uint row = group.x * kQueryRows + simdgroup * 8;
  const uint column = (lane & 8) / 2 + (lane & 1) * 2;  // of this lane's two elements in a fragment

  // Queries.
  Fragment q[kFragments], o[kFragments];
  for (int d = 0; d < kFragments; d++) {
    simdgroup_load(q[d], query + head + row * kHeadDim + d * 8, kHeadDim);
    o[d] = make_filled_simdgroup_matrix<float, 8, 8>(0.0f);
  }

  float largest = -FLT_MAX / 2, sum = 0.0f;
  for (uint first = 0; first < shape.length; first += kKeyRows) {
    // Scores.
    threadgroup_barrier(mem_flags::mem_threadgroup);
    stage(key + head, tile, first, shape.length, thread_index);
    threadgroup_barrier(mem_flags::mem_threadgroup);
    Fragment s[kKeyRows / 8];
    for (int j = 0; j < kKeyRows / 8; j++) {
      s[j] = make_filled_simdgroup_matrix<float, 8, 8>(0.0f);
      for (int d = 0; d < kFragments; d++) {
        Fragment k;
        simdgroup_load(k, &tile[j * 8][d * 8], kStride, ulong2(0), true);
        simdgroup_multiply_accumulate(s[j], q[d], k, s[j]);
      }
    }

    // Online softmax.
    float block_largest = largest;
    for (int j = 0; j < kKeyRows / 8; j++) {
      thread auto& score = s[j].thread_elements();
      for (int e = 0; e < 2; e++) {
        score[e] = first + j * 8 + column + e < shape.length ? score[e] * shape.scale : -FLT_MAX / 2;
        block_largest = max(block_largest, score[e]);
      }
    }
    block_largest = row_max(block_largest);
    const float factor = fast::exp2(largest - block_largest);
    float block_sum = 0.0f;
    for (int j = 0; j < kKeyRows / 8; j++) {
      thread auto& score = s[j].thread_elements();
      for (int e = 0; e < 2; e++) {
        score[e] = fast::exp2(score[e] - block_largest);
        block_sum += score[e];
      }
    }
    largest = block_largest;
    sum = sum * factor + row_sum(block_sum);

    // Values.
    threadgroup_barrier(mem_flags::mem_threadgroup);
    stage(value + head, tile, first, shape.length, thread_index);
    threadgroup_barrier(mem_flags::mem_threadgroup);
    for (int d = 0; d < kFragments; d++) {
      o[d].thread_elements() *= factor;
      for (int j = 0; j < kKeyRows / 8; j++) {
        Fragment v;
        simdgroup_load(v, &tile[j * 8][d * 8], kStride);
        simdgroup_multiply_accumulate(o[d], s[j], v, o[d]);
      }
    }
  }

  for (int d = 0; d < kFragments; d++) {
    o[d].thread_elements() /= sum;
    simdgroup_store(o[d], output + head + row * kHeadDim + d * 8, kHeadDim);
  }
}
