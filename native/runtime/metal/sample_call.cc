#include "metal/sample_call.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <functional>
#include <numeric>

namespace fa::metal {

namespace {

// Several key blocks, cut by the diagonal and by the end, of every kernel.
constexpr int64_t kMostRows = 37;
constexpr int64_t kKeys = 150;
constexpr int64_t kMostHeads = 64;

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

int64_t rows_of(const Problem& problem) { return std::clamp<int64_t>(problem.query_length, 1, kMostRows); }

int64_t heads_of(const Problem& problem) {
  return problem.kv_heads == 0 ? 1
                               : std::clamp<int64_t>(problem.query_heads / problem.kv_heads, 1, kMostHeads);
}

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
    const void* bits = size == sizeof value ? static_cast<const void*>(&value) : &half;
    std::memcpy(tensor_.data + index * size, bits, size);
  }
}

void SampleTensor::fill_mask() {
  for (size_t index = 0; index < elements(); ++index) tensor_.data[index] = std::byte{index % 3 != 0};
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

SampleCall::SampleCall(const Problem& like)
    : q_(like.dtype, {1, heads_of(like), rows_of(like), like.head_dim}),
      k_(like.dtype, {1, 1, kKeys, like.head_dim}),
      v_(like.dtype, {1, 1, kKeys, like.value_dim}),
      out_(like.dtype, {1, heads_of(like), rows_of(like), like.value_dim}),
      lse_(DType::float32, {1, heads_of(like), rows_of(like)}),
      d_out_(like.dtype, {1, heads_of(like), rows_of(like), like.value_dim}),
      dq_(like.dtype, {1, heads_of(like), rows_of(like), like.head_dim}),
      dk_(like.dtype, {1, 1, kKeys, like.head_dim}),
      dv_(like.dtype, {1, 1, kKeys, like.value_dim}) {
  q_.fill(1);
  k_.fill(2);
  v_.fill(3);
  d_out_.fill(4);
  const std::vector<int64_t> pairs{1, 1, rows_of(like), kKeys};
  if (like.has(Feature::mask)) mask_.emplace(DType::boolean, pairs).fill_mask();
  if (like.has(Feature::bias)) bias_.emplace(DType::float32, pairs).fill(5);
}

AttentionInputs SampleCall::inputs() const {
  AttentionInputs inputs;
  inputs.q = q_.tensor();
  inputs.k = k_.tensor();
  inputs.v = v_.tensor();
  if (mask_) inputs.mask = mask_->tensor();
  if (bias_) inputs.bias = bias_->tensor();
  return inputs;
}

void SampleCall::run(Backend& backend, Direction direction, const std::string& kernel) {
  AttentionOptions options;
  options.causal.diagonal = Diagonal::bottomRight;
  options.kernel = kernel;
  const Problem problem = describe(inputs(), options, direction);
  const auto outcome = backend.plan(problem);
  if (const auto* refusal = std::get_if<Refusal>(&outcome)) raise(*refusal);
  const Plan& plan = std::get<Plan>(outcome);
  if (direction == Direction::forward) {
    ForwardCall call{inputs(), options, out_.tensor(), lse_.tensor(), std::nullopt};
    backend.forward(problem, plan, call);
    return;
  }
  BackwardCall call{};
  call.inputs = inputs();
  call.options = options;
  call.out = out_.tensor();
  call.lse = lse_.tensor();
  call.d_out = d_out_.tensor();
  call.dq = dq_.tensor();
  call.dk = dk_.tensor();
  call.dv = dv_.tensor();
  backend.backward(problem, plan, call);
}

std::vector<std::vector<float>> SampleCall::results(Direction direction) const {
  if (direction == Direction::forward) return {out_.values(), lse_.values()};
  return {dq_.values(), dk_.values(), dv_.values()};
}

void SampleCall::take_forward_from(const SampleCall& other) {
  const auto copy = [](const SampleTensor& from, SampleTensor& to) {
    std::memcpy(to.tensor().data, from.tensor().data, from.tensor().bytes);
  };
  copy(other.out_, out_);
  copy(other.lse_, lse_);
}

}  // namespace fa::metal
