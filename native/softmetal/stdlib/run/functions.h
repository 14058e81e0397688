// Scalar functions that neither the compiler nor libm offers in the form MSL needs.
#pragma once
#include "elementwise.h"

namespace sm {

// `sum` is x + y rounded to nearest, and exactly representable x and y are given too: the sum rounded to odd
// instead, so that a second rounding to a type of at most 22 bits gives what one rounding would have given.
constexpr float to_odd(float sum, float x, float y) {
  float back = sum - x;
  float error = (x - (sum - back)) + (y - back);
  uint bits = __builtin_bit_cast(uint, sum);
  if (!(error != 0) || (bits & 1) || (bits & 0x7f800000) == 0x7f800000) return sum;
  bool away = (error > 0) == (sum > 0);
  return __builtin_bit_cast(float, away ? bits + 1 : bits - 1);
}

template <class T>
inline constexpr T below_one = T(0x1.fffffep-1f);
template <>
inline constexpr half below_one<half> = half(0x1.ffcp-1f);
template <>
inline constexpr bfloat below_one<bfloat> = bfloat(0x1.fep-1f);

// sin(pi x): the argument is reduced exactly, and multiples of a half are exact.
inline float sine_of_pi(float x) {
  double r = double(x) - 2 * __builtin_rint(double(x) / 2);
  if (r > 0.5) r = 1 - r;
  if (r < -0.5) r = -1 - r;
  if (r == 0) return __builtin_copysignf(0.0f, x);
  return float(__builtin_sin(r * 0x1.921fb54442d18p+1));
}
inline float cosine_of_pi(float x) {
  double r = __builtin_fabs(double(x) - 2 * __builtin_rint(double(x) / 2));
  return float(__builtin_sin((0.5 - r) * 0x1.921fb54442d18p+1));
}
inline float tangent_of_pi(float x) { return sine_of_pi(x) / cosine_of_pi(x); }

template <class T>
constexpr T next_after(T x, T y) {
  using U = metal::conditional_t<sizeof(T) == 2, ushort, uint>;
  constexpr U sign = U(U(1) << (sizeof(T) * 8 - 1));
  if (x != x || y != y) return x + y;
  if (x == y) return y;
  U bits = __builtin_bit_cast(U, x);
  if (U(bits & ~sign) == 0) return __builtin_bit_cast(T, U((y < T(0) ? sign : U(0)) | 1));
  bool away = (x < y) == (x > T(0));
  return __builtin_bit_cast(T, U(away ? bits + 1 : bits - 1));
}

// FP_ILOGB0 and FP_ILOGBNAN are the smallest and the largest int.
constexpr int exponent(float x) {
  uint bits = __builtin_bit_cast(uint, x) & 0x7fffffff;
  if (bits == 0) return -2147483647 - 1;
  if (bits >= 0x7f800000) return 2147483647;
  return bits >> 23 ? int(bits >> 23) - 127 : -118 - __builtin_clz(bits);
}

template <class A, class B>
struct two {
  A first;
  B second;
};
inline two<float, int> split_exponent(float x) {
  if (x == 0 || x - x != 0) return {x, 0};
  int e = exponent(x) + 1;
  return {float(__builtin_ldexp(double(x), -e)), e};
}
inline two<float, float> split_fraction(float x) {
  float whole = __builtin_truncf(x);
  bool infinite = x == x && x - x != 0;
  return {__builtin_copysignf(infinite ? 0.0f : x - whole, x), whole};
}
inline two<float, float> sine_and_cosine(float x) { return {__builtin_sinf(x), __builtin_cosf(x)}; }

}  // namespace sm
