// metal_math. Everything is computed at least in float and rounded once, so fast:: and precise:: are the
// same.
#pragma once
#include "common.h"

namespace metal {

#define SM_FUNCTION(name, expression)                          \
  template <sm::Value A>                                       \
  constexpr auto name(const A& a) {                            \
    return sm::in_float([](auto x) { return expression; }, a); \
  }
SM_FUNCTION(acos, __builtin_elementwise_acos(x))
SM_FUNCTION(asin, __builtin_elementwise_asin(x))
SM_FUNCTION(atan, __builtin_elementwise_atan(x))
SM_FUNCTION(ceil, __builtin_elementwise_ceil(x))
SM_FUNCTION(cos, __builtin_elementwise_cos(x))
SM_FUNCTION(cosh, __builtin_elementwise_cosh(x))
SM_FUNCTION(exp, __builtin_elementwise_exp(x))
SM_FUNCTION(exp2, __builtin_elementwise_exp2(x))
SM_FUNCTION(floor, __builtin_elementwise_floor(x))
SM_FUNCTION(log, __builtin_elementwise_log(x))
SM_FUNCTION(log2, __builtin_elementwise_log2(x))
SM_FUNCTION(log10, __builtin_elementwise_log10(x))
SM_FUNCTION(rint, __builtin_elementwise_roundeven(x))
SM_FUNCTION(round, __builtin_elementwise_round(x))
SM_FUNCTION(rsqrt, 1.0f / __builtin_elementwise_sqrt(x))
SM_FUNCTION(sin, __builtin_elementwise_sin(x))
SM_FUNCTION(sinh, __builtin_elementwise_sinh(x))
SM_FUNCTION(sqrt, __builtin_elementwise_sqrt(x))
SM_FUNCTION(tan, __builtin_elementwise_tan(x))
SM_FUNCTION(tanh, __builtin_elementwise_tanh(x))
SM_FUNCTION(trunc, __builtin_elementwise_trunc(x))
#undef SM_FUNCTION

#define SM_FUNCTION(name, ...)             \
  template <sm::Value A>                   \
  constexpr auto name(const A& a) {        \
    return sm::each_float(__VA_ARGS__, a); \
  }
SM_FUNCTION(acosh, [](float x) { return __builtin_acoshf(x); })
SM_FUNCTION(asinh, [](float x) { return __builtin_asinhf(x); })
SM_FUNCTION(atanh, [](float x) { return __builtin_atanhf(x); })
SM_FUNCTION(exp10, [](float x) { return __builtin_exp10f(x); })
SM_FUNCTION(sinpi, sm::sine_of_pi)
SM_FUNCTION(cospi, sm::cosine_of_pi)
SM_FUNCTION(tanpi, sm::tangent_of_pi)
#undef SM_FUNCTION

#define SM_FUNCTION(name, ...)                  \
  template <sm::Value A, sm::Value B>           \
  constexpr auto name(const A& a, const B& b) { \
    return sm::each_float(__VA_ARGS__, a, b);   \
  }
SM_FUNCTION(atan2, [](float y, float x) { return __builtin_atan2f(y, x); })
SM_FUNCTION(fdim, [](float x, float y) { return __builtin_fdimf(x, y); })
SM_FUNCTION(fmod, [](float x, float y) { return __builtin_fmodf(x, y); })
SM_FUNCTION(pow, [](float x, float y) { return __builtin_powf(x, y); })
SM_FUNCTION(powr, [](float x, float y) { return x < 0 ? __builtin_nanf("") : __builtin_powf(x, y); })
#undef SM_FUNCTION

template <sm::Value A, sm::Value B>
constexpr auto copysign(const A& a, const B& b) {
  return sm::in_float([](auto x, auto y) { return __builtin_elementwise_copysign(x, y); }, a, b);
}
template <sm::Value A, sm::Value B>
constexpr auto divide(const A& a, const B& b) {
  return sm::in_float([](auto x, auto y) { return x / y; }, a, b);
}
template <sm::Value A, sm::Value B, sm::Value C>
constexpr auto fma(const A& a, const B& b, const C& c) {
  using T = sm::floating<sm::element_of<A, B, C>>;
  if constexpr (__is_same(T, float))
    return sm::in_float([](auto x, auto y, auto z) { return __builtin_elementwise_fma(x, y, z); }, a, b, c);
  else
    return sm::each<T>(
        [](T x, T y, T z) {
          return T(sm::to_odd(__builtin_fmaf(float(x), float(y), float(z)), float(x) * float(y), float(z)));
        },
        a, b, c);
}
template <sm::Value A>
constexpr auto fabs(const A& a) {
  return sm::in_float([](auto x) { return __builtin_elementwise_abs(x); }, a);
}
// Below one, also where the difference rounds up to it.
template <sm::Value A>
constexpr auto fract(const A& a) {
  using T = sm::floating<sm::element_of<A>>;
  return sm::each<T>(
      [](T x) {
        T part = T(x - T(__builtin_floorf(float(x))));
        return part >= T(1) ? sm::below_one<T> : part;
      },
      a);
}
template <sm::Value A, sm::Value B>
constexpr auto nextafter(const A& a, const B& b) {
  using T = sm::floating<sm::element_of<A, B>>;
  return sm::each<T>([](T x, T y) { return sm::next_after(x, y); }, a, b);
}

template <sm::Value A>
constexpr auto ilogb(const A& a) {
  return sm::each<float>([](float x) { return sm::exponent(x); }, a);
}
template <sm::Value A, sm::Value K>
constexpr auto ldexp(const A& a, const K& k) {
  using T = sm::floating<sm::element_of<A>>;
  constexpr int N = sm::width_of<A>;
  auto one = [&](int i) {
    return T(float(__builtin_ldexp(double(sm::lane_of(a, i)), int(sm::lane_of(k, i)))));
  };
  if constexpr (N == 1)
    return one(0);
  else
    return sm::generate<T, N>(one);
}

// Functions with a second result.
#define SM_FUNCTION(name, Second, ...)                   \
  template <sm::Value A>                                 \
  constexpr auto name(const A& a, Second& second) {      \
    using T = sm::floating<sm::element_of<A>>;           \
    constexpr int N = sm::width_of<A>;                   \
    auto one = [&](int i) {                              \
      auto both = __VA_ARGS__(float(sm::lane_of(a, i))); \
      sm::put_lane(second, i, both.second);              \
      return T(both.first);                              \
    };                                                   \
    if constexpr (N == 1)                                \
      return one(0);                                     \
    else                                                 \
      return sm::generate<T, N>(one);                    \
  }
SM_FUNCTION(frexp, auto, sm::split_exponent)
SM_FUNCTION(modf, auto, sm::split_fraction)
SM_FUNCTION(sincos, auto, sm::sine_and_cosine)
#undef SM_FUNCTION

}  // namespace metal
