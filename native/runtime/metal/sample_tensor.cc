#include "metal/sample_tensor.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <functional>
#include <numeric>

namespace fa::metal {

namespace {

// A value without more than three bits keeps its top bits in either 16-bit format.
uint16_t float16_of(float value) {
  const uint32_t bits = std::bit_cast<uint32_t>(value);
  const uint32_t sign = bits >> 16 & 0x8000;
  if (value == 0) return static_cast<uint16_t>(sign);
  const uint32_t exponent = (bits >> 23 & 0xff) - 127 + 15;
  return static_cast<uint16_t>(sign | exponent << 10 | (bits >> 13 & 0x3ff));
}

uint16_t bfloat16_of(float value) { return static_cast<uint16_t>(std::bit_cast<uint32_t>(value) >> 16); }

float float_of_float16(uint16_t half) {
  const uint32_t sign = static_cast<uint32_t>(half & 0x8000) << 16;
  const uint32_t rest = half & 0x7fff;
  if (rest >= 0x7c00) return std::bit_cast<float>(sign | 0x7f800000 | (rest & 0x3ff) << 13);
  // 2^112 moves the exponent from one bias to the other, for subnormal numbers, too.
  const float magnitude = std::bit_cast<float>(rest << 13) * 0x1p112f;
  return sign != 0 ? -magnitude : magnitude;
}

float float_of_bfloat16(uint16_t half) { return std::bit_cast<float>(static_cast<uint32_t>(half) << 16); }

}  // namespace

SampleTensor::SampleTensor(DType dtype, std::vector<int64_t> shape) {
  tensor_.dtype = dtype;
  tensor_.rank = static_cast<int>(shape.size());
  std::copy(shape.begin(), shape.end(), tensor_.shape.begin());
  pack_strides(tensor_);
  tensor_.bytes = elements() * static_cast<size_t>(element_size(dtype));
  storage_.resize(tensor_.bytes / sizeof(uint32_t) + 1);
  tensor_.data = reinterpret_cast<std::byte*>(storage_.data());
}

size_t SampleTensor::elements() const {
  const auto begin = tensor_.shape.begin();
  return static_cast<size_t>(
      std::accumulate(begin, begin + tensor_.rank, int64_t{1}, std::multiplies<int64_t>()));
}

void SampleTensor::fill(uint32_t seed) {
  uint32_t state = seed;
  const size_t size = static_cast<size_t>(element_size(tensor_.dtype));
  for (size_t index = 0; index < elements(); ++index) {
    state = state * 1664525 + 1013904223;
    const float value = static_cast<float>(static_cast<int>(state >> 24) % 17 - 8) / 8;
    const uint16_t half = tensor_.dtype == DType::bfloat16 ? bfloat16_of(value) : float16_of(value);
    if (tensor_.dtype == DType::int8) {
      tensor_.data[index] = static_cast<std::byte>(static_cast<int8_t>(value * 8));
      continue;
    }
    const void* bits = size == sizeof value ? static_cast<const void*>(&value) : &half;
    std::memcpy(tensor_.data + index * size, bits, size);
  }
}

void SampleTensor::fill_mask() {
  for (size_t index = 0; index < elements(); ++index) tensor_.data[index] = std::byte{index % 3 != 0};
}

void SampleTensor::set(const std::vector<int32_t>& values) {
  std::memcpy(tensor_.data, values.data(), values.size() * sizeof(int32_t));
}

std::vector<float> SampleTensor::values() const {
  std::vector<float> values(elements());
  if (tensor_.dtype == DType::float32) {
    std::memcpy(values.data(), tensor_.data, values.size() * sizeof(float));
    return values;
  }
  const auto convert = tensor_.dtype == DType::bfloat16 ? float_of_bfloat16 : float_of_float16;
  const auto* halves = reinterpret_cast<const uint16_t*>(tensor_.data);
  std::transform(halves, halves + values.size(), values.begin(), convert);
  return values;
}

}  // namespace fa::metal
