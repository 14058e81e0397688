// A tiled attention forward pass in float, D = 64, as a load that resembles real ones: simdgroup matrices, an
// online softmax over their lanes, tiles in threadgroup memory.
#pragma once

#include <cmath>
#include <vector>

#include "dispatches.h"

inline constexpr const char* kAttentionSource = R"(#include <metal_stdlib>
using namespace metal;

constant constexpr int D = 64, ROWS = 8, KEYS = 32, SIMDGROUPS = 4;

kernel void f(device const float* q [[buffer(0)]], device const float* k [[buffer(1)]],
              device const float* v [[buffer(2)]], device float* o [[buffer(3)]], constant uint& length [[buffer(4)]],
              uint2 block [[threadgroup_position_in_grid]], uint index [[thread_index_in_threadgroup]],
              uint simdgroup [[simdgroup_index_in_threadgroup]], uint lane [[thread_index_in_simdgroup]]) {
  threadgroup float keys[KEYS * D], values[KEYS * D];
  const ulong head = ulong(block.y) * length * D;
  const ulong first_row = head + (block.x * SIMDGROUPS + simdgroup) * ROWS * D;
  simdgroup_float8x8 queries[D / 8], sums[D / 8];
  for (int i = 0; i < D / 8; i++) {
    simdgroup_load(queries[i], q + first_row + i * 8, D);
    sums[i] = simdgroup_float8x8(0.0f);
  }
  float largest = -INFINITY, total = 0;
  for (uint key = 0; key < length; key += KEYS) {
    threadgroup_barrier(mem_flags::mem_threadgroup);
    for (uint i = index; i < KEYS * D / 4; i += SIMDGROUPS * 32) {
      ((threadgroup float4*)keys)[i] = ((device const float4*)(k + head + key * D))[i];
      ((threadgroup float4*)values)[i] = ((device const float4*)(v + head + key * D))[i];
    }
    threadgroup_barrier(mem_flags::mem_threadgroup);
    simdgroup_float8x8 scores[KEYS / 8];
    float tile_largest = largest;
    for (int j = 0; j < KEYS / 8; j++) {
      scores[j] = simdgroup_float8x8(0.0f);
      for (int i = 0; i < D / 8; i++) {
        simdgroup_float8x8 part;
        simdgroup_load(part, keys + j * 8 * D + i * 8, D, 0, true);
        simdgroup_multiply_accumulate(scores[j], queries[i], part, scores[j]);
      }
      scores[j].thread_elements() *= 0.125f * M_LOG2E_F;
      tile_largest = max(tile_largest, max(scores[j].thread_elements()[0], scores[j].thread_elements()[1]));
    }
    tile_largest = max(tile_largest, simd_shuffle_xor(tile_largest, 1));
    tile_largest = max(tile_largest, simd_shuffle_xor(tile_largest, 8));
    float scale = exp2(largest - tile_largest), tile_total = 0;
    largest = tile_largest;
    for (int j = 0; j < KEYS / 8; j++) {
      float2 weights = exp2(scores[j].thread_elements() - largest);
      scores[j].thread_elements() = weights;
      tile_total += weights[0] + weights[1];
    }
    tile_total += simd_shuffle_xor(tile_total, 1);
    tile_total += simd_shuffle_xor(tile_total, 8);
    total = total * scale + tile_total;
    for (int i = 0; i < D / 8; i++) {
      sums[i].thread_elements() *= scale;
      for (int j = 0; j < KEYS / 8; j++) {
        simdgroup_float8x8 part;
        simdgroup_load(part, values + j * 8 * D + i * 8, D);
        simdgroup_multiply_accumulate(sums[i], scores[j], part, sums[i]);
      }
    }
  }
  for (int i = 0; i < D / 8; i++) {
    sums[i].thread_elements() /= total;
    simdgroup_store(sums[i], o + first_row + i * 8, D);
  }
})";

class Attention {
 public:
  Attention(uint32_t heads, uint32_t length)
      : heads_(heads), length_{length}, out_(size_t(heads) * length * kD) {
    for (int i = 0; i < 3; i++) {
      for (size_t j = 0; j < out_.size(); j++) in_[i].push_back(std::sin(float(j * (i + 3) % 1013) * 0.7f));
    }
  }

  softmetal::Dispatch dispatch(std::shared_ptr<const softmetal::LoadedKernel> kernel) {
    softmetal::Dispatch result = hand::dispatch(std::move(kernel), {length_[0] / 32, heads_}, {128});
    for (int i = 0; i < 3; i++) hand::bind(result, i, in_[i]);
    hand::bind(result, 3, out_);
    hand::bind(result, 4, length_);
    return result;
  }

  // Against double, in some rows.
  double largest_error() const {
    double largest = 0;
    for (uint32_t row = 0; row < heads_ * length_[0]; row += 37) largest = std::max(largest, error_of(row));
    return largest;
  }

 private:
  static constexpr int kD = 64;

  double error_of(uint32_t row) const {
    const size_t head = size_t(row / length_[0]) * length_[0];
    std::vector<double> sum(kD);
    double total = 0;
    for (size_t key = head; key < head + length_[0]; key++) {
      double score = 0;
      for (int i = 0; i < kD; i++) score += double(in_[0][size_t(row) * kD + i]) * in_[1][key * kD + i];
      double weight = std::exp(score / 8);
      total += weight;
      for (int i = 0; i < kD; i++) sum[i] += weight * in_[2][key * kD + i];
    }
    double largest = 0;
    for (int i = 0; i < kD; i++) {
      largest = std::max(largest, std::fabs(sum[i] / total - out_[size_t(row) * kD + i]));
    }
    return largest;
  }

  uint32_t heads_;
  std::vector<uint32_t> length_;
  std::vector<float> in_[3], out_;
};
