// Row-wise online softmax in plain C++: the reference build of the kernels, for any architecture.
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "../attention.h"

namespace fa::cpu {
namespace {

constexpr float kLog2E = 1.4426950408889634f;
constexpr float kLn2 = 0.6931471805599453f;
constexpr float kInfinity = std::numeric_limits<float>::infinity();

float from_half(uint16_t h) {
  const int exponent = (h >> 10) & 31, fraction = h & 1023;
  const float sign = h & 0x8000 ? -1.0f : 1.0f;
  if (exponent == 31) return fraction ? std::numeric_limits<float>::quiet_NaN() : sign * kInfinity;
  if (exponent == 0) return sign * std::ldexp(static_cast<float>(fraction), -24);
  return sign * std::ldexp(static_cast<float>(fraction + 1024), exponent - 25);
}

uint16_t to_half(float x) {
  uint32_t bits;
  std::memcpy(&bits, &x, 4);
  const uint16_t sign = static_cast<uint16_t>(bits >> 16 & 0x8000);
  const float magnitude = std::fabs(x);
  if (std::isnan(x)) return sign | 0x7e00;
  if (magnitude >= 65520.0f) return sign | 0x7c00;
  if (magnitude < 0x1p-14f) return static_cast<uint16_t>(sign | static_cast<int>(std::nearbyint(magnitude * 0x1p24f)));
  bits &= 0x7fffffff;
  bits += 0xfff + (bits >> 13 & 1);
  return static_cast<uint16_t>(sign | ((bits >> 13) - (112 << 10)));
}

float load(Element element, const void* data, int64_t index) {
  if (element == Element::float32) return static_cast<const float*>(data)[index];
  const uint16_t half = static_cast<const uint16_t*>(data)[index];
  if (element == Element::float16) return from_half(half);
  const uint32_t bits = static_cast<uint32_t>(half) << 16;
  float value;
  std::memcpy(&value, &bits, 4);
  return value;
}

void store(Element element, void* data, int64_t index, float value) {
  if (element == Element::float32) {
    static_cast<float*>(data)[index] = value;
  } else if (element == Element::float16) {
    static_cast<uint16_t*>(data)[index] = to_half(value);
  } else {
    uint32_t bits;
    std::memcpy(&bits, &value, 4);
    bits = std::isnan(value) ? bits | 0x400000 : bits + 0x7fff + (bits >> 16 & 1);
    static_cast<uint16_t*>(data)[index] = static_cast<uint16_t>(bits >> 16);
  }
}

int64_t offset(const Rows& rows, int64_t b, int64_t h, int64_t i) { return b * rows.batch + h * rows.head + i * rows.row; }

float dot(const Attention& a, const Rows& x, int64_t at, const Rows& y, int64_t to, int64_t width) {
  float sum = 0;
  for (int64_t d = 0; d < width; ++d) sum += load(a.element, x.data, at + d) * load(a.element, y.data, to + d);
  return sum;
}

/// Score of one pair in log2 units; false when the key is invisible.
bool score(const Attention& a, int64_t b, int64_t h, int64_t i, int64_t j, float* out) {
  if (j < i + a.band.lo || j > i + a.band.hi || j >= a.band.keys) return false;
  if (a.mask.data) {
    const auto* mask = static_cast<const uint8_t*>(a.mask.data);
    if (!mask[b * a.mask.batch + h * a.mask.head + i * a.mask.row + j]) return false;
  }
  const int64_t kv = h / (a.query_heads / a.kv_heads);
  float s = a.scale * dot(a, a.q, offset(a.q, b, h, i), a.k, offset(a.k, b, kv, j), a.head_dim);
  if (a.bias.data) {
    const float bias = load(a.bias_element, a.bias.data, b * a.bias.batch + h * a.bias.head + i * a.bias.row + j);
    if (bias == -kInfinity) return false;
    s += bias;
  }
  *out = s * kLog2E;
  return true;
}

void forward_row(const Attention& a, int64_t b, int64_t h, int64_t i) {
  const int64_t kv = h / (a.query_heads / a.kv_heads);
  float max = -std::numeric_limits<float>::max(), sum = 0;
  std::vector<float> out(a.value_dim, 0.0f);
  for (int64_t j = 0; j < a.key_length; ++j) {
    float s;
    if (!score(a, b, h, i, j, &s)) continue;
    const float next = s > max ? s : max;
    const float alpha = std::exp2(max - next), p = std::exp2(s - next);
    max = next;
    sum = sum * alpha + p;
    const int64_t at = offset(a.v, b, kv, j);
    for (int64_t d = 0; d < a.value_dim; ++d) out[d] = out[d] * alpha + p * load(a.element, a.v.data, at + d);
  }
  const int64_t row = (b * a.query_heads + h) * a.query_length + i;
  const int64_t to = offset(a.out, b, h, i);
  for (int64_t d = 0; d < a.value_dim; ++d) store(a.element, a.out.data, to + d, sum == 0 ? 0 : out[d] / sum);
  if (a.lse) a.lse[row] = sum == 0 ? -kInfinity : (max + std::log2(sum)) * kLn2;
  if (a.row_max) a.row_max[row] = max;
  if (a.row_sum) a.row_sum[row] = sum;
}

void forward(const Attention& a, const Executor& executor) {
  auto task = [](void* context, int64_t t) {
    const auto& a = *static_cast<const Attention*>(context);
    for (int64_t i = 0; i < a.query_length; ++i) forward_row(a, t / a.query_heads, t % a.query_heads, i);
  };
  executor.run(executor.self, a.batch * a.query_heads, task, const_cast<Attention*>(&a));
}

struct Accumulators {
  std::vector<float> dk, dv, dq;
};

void backward_row(const AttentionGradients& g, Accumulators& sums, int64_t b, int64_t h, int64_t i) {
  const Attention& a = g.forward;
  const int64_t kv = h / (a.query_heads / a.kv_heads);
  const int64_t row = (b * a.query_heads + h) * a.query_length + i;
  const bool exact = a.row_max && a.row_sum;
  const float max = exact ? a.row_max[row] : a.lse[row] * kLog2E, sum = exact ? a.row_sum[row] : 1.0f;
  const bool dead = exact ? sum == 0 : a.lse[row] == -kInfinity;
  const int64_t go = offset(g.d_out, b, h, i), qo = offset(a.q, b, h, i);
  const float delta = dot(a, g.d_out, go, a.out, offset(a.out, b, h, i), a.value_dim) - (g.d_lse ? g.d_lse[row] : 0);
  sums.dq.assign(a.head_dim, 0.0f);
  for (int64_t j = 0; !dead && j < a.key_length; ++j) {
    float s;
    if (!score(a, b, h, i, j, &s)) continue;
    const float p = std::exp2(s - max) / sum;
    const float ds = a.scale * p * (dot(a, g.d_out, go, a.v, offset(a.v, b, kv, j), a.value_dim) - delta);
    for (int64_t d = 0; d < a.value_dim; ++d) sums.dv[j * a.value_dim + d] += p * load(a.element, g.d_out.data, go + d);
    for (int64_t d = 0; d < a.head_dim; ++d) {
      sums.dq[d] += ds * load(a.element, a.k.data, offset(a.k, b, kv, j) + d);
      sums.dk[j * a.head_dim + d] += ds * load(a.element, a.q.data, qo + d);
    }
  }
  for (int64_t d = 0; d < a.head_dim; ++d) store(a.element, g.dq.data, offset(g.dq, b, h, i) + d, sums.dq[d]);
}

void backward(const AttentionGradients& g, const Executor& executor) {
  auto task = [](void* context, int64_t t) {
    const auto& g = *static_cast<const AttentionGradients*>(context);
    const Attention& a = g.forward;
    const int64_t b = t / a.kv_heads, kv = t % a.kv_heads, group = a.query_heads / a.kv_heads;
    Accumulators sums;
    sums.dk.assign(a.key_length * a.head_dim, 0.0f);
    sums.dv.assign(a.key_length * a.value_dim, 0.0f);
    for (int64_t h = kv * group; h < (kv + 1) * group; ++h)
      for (int64_t i = 0; i < a.query_length; ++i) backward_row(g, sums, b, h, i);
    for (int64_t j = 0; j < a.key_length; ++j) {
      for (int64_t d = 0; d < a.head_dim; ++d) store(a.element, g.dk.data, offset(g.dk, b, kv, j) + d, sums.dk[j * a.head_dim + d]);
      for (int64_t d = 0; d < a.value_dim; ++d) store(a.element, g.dv.data, offset(g.dv, b, kv, j) + d, sums.dv[j * a.value_dim + d]);
    }
  };
  executor.run(executor.self, g.forward.batch * g.forward.kv_heads, task, const_cast<AttentionGradients*>(&g));
}

int64_t forward_scratch(const Attention& a, int threads) { return threads * a.value_dim * 4; }
int64_t backward_scratch(const AttentionGradients& g, int threads) {
  const Attention& a = g.forward;
  return threads * 4 * (a.key_length * (a.head_dim + a.value_dim) + a.head_dim);
}

}  // namespace

const Kernels* scalar_kernels() {
  static const Kernels kernels{"scalar", 1, forward, backward, forward_scratch, backward_scratch};
  return &kernels;
}

}  // namespace fa::cpu
