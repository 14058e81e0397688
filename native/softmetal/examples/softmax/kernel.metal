// Softmax of rows in one pass over memory, in base 2, with an optional scale; rows in float, half or bfloat.
#include <metal_stdlib>
using namespace metal;

constant float scale_value [[function_constant(0)]];
constant float scale = is_function_constant_defined(scale_value) ? scale_value : 1.0f;

template <typename T>
[[kernel]] void softmax(const device T* input [[buffer(0)]], device T* output [[buffer(1)]],
                        constant uint& columns [[buffer(2)]], uint row [[threadgroup_position_in_grid]],
                        ushort lane [[thread_index_in_simdgroup]]) {
  const device T* from = input + ulong(row) * columns;
  float largest = -numeric_limits<float>::infinity(), sum = 0.0f;
  for (uint i = lane; i < columns; i += 32) {
    const float value = float(from[i]) * (scale * M_LOG2E_F);
    const float before = largest;
    largest = max(largest, value);
    sum = sum * fast::exp2(before - largest) + fast::exp2(value - largest);
  }

  const float row_largest = simd_max(largest);
  sum = simd_sum(largest == row_largest ? sum : sum * fast::exp2(largest - row_largest));
  for (uint i = lane; i < columns; i += 32) {
    const float value = float(from[i]) * (scale * M_LOG2E_F);
    output[ulong(row) * columns + i] = static_cast<T>(fast::exp2(value - row_largest) / sum);
  }
}

#define instantiate(name, type) \
  template [[host_name("softmax_" #name)]] [[kernel]] decltype(softmax<type>) softmax<type>;
instantiate(float, float) instantiate(half, half) instantiate(bfloat, bfloat)
