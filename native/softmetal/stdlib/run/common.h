// metal_common, and minima and maxima of every kind: a NaN loses against a number.
#pragma once
#include "functions.h"

namespace sm {
struct larger {
  template <class V>
  constexpr auto operator()(V a, V b) const {
    if constexpr (metal::is_integral_v<V>)
      return V(a < b ? b : a);
    else
      return __builtin_elementwise_max(a, b);
  }
};
struct smaller {
  template <class V>
  constexpr auto operator()(V a, V b) const {
    if constexpr (metal::is_integral_v<V>)
      return V(b < a ? b : a);
    else
      return __builtin_elementwise_min(a, b);
  }
};
template <class F, class A, class B>
constexpr auto extreme(F f, const A& a, const B& b) {
  using T = element_of<A, B>;
  constexpr int N = width_of<A, B>;
  if constexpr (is_small_float<T> || __is_same(T, float))
    return in_float(f, a, b);
  else if constexpr (N == 1)
    return f(T(a), T(b));
  else
    return rounded<T, N>(f(to<T, N>(a).d, to<T, N>(b).d));
}
}  // namespace sm

namespace metal {

template <sm::Value A, sm::Value B>
constexpr auto max(const A& a, const B& b) {
  return sm::extreme(sm::larger(), a, b);
}
template <sm::Value A, sm::Value B>
constexpr auto min(const A& a, const B& b) {
  return sm::extreme(sm::smaller(), a, b);
}
template <sm::Value A, sm::Value B>
constexpr auto fmax(const A& a, const B& b) {
  return max(a, b);
}
template <sm::Value A, sm::Value B>
constexpr auto fmin(const A& a, const B& b) {
  return min(a, b);
}
#define SM_FUNCTION(name, ...)                              \
  template <sm::Value A, sm::Value B, sm::Value C>          \
  constexpr auto name(const A& a, const B& b, const C& c) { \
    return __VA_ARGS__;                                     \
  }
SM_FUNCTION(max3, max(a, max(b, c)))
SM_FUNCTION(min3, min(a, min(b, c)))
SM_FUNCTION(median3, max(min(a, b), min(max(a, b), c)))
SM_FUNCTION(fmax3, max3(a, b, c))
SM_FUNCTION(fmin3, min3(a, b, c))
SM_FUNCTION(fmedian3, median3(a, b, c))
SM_FUNCTION(clamp, min(max(a, b), c))
#undef SM_FUNCTION

template <sm::Value A>
constexpr auto saturate(const A& a) {
  using T = sm::floating<sm::element_of<A>>;
  return clamp(sm::to<T, sm::width_of<A>>(a), T(0), T(1));
}
template <sm::Value A>
constexpr auto sign(const A& a) {
  using T = sm::element_of<A>;
  return sm::each<T>([](T x) { return x > T(0) ? T(1) : x < T(0) ? T(-1) : x == T(0) ? x : T(0); }, a);
}
template <sm::Value A, sm::Value B>
constexpr auto step(const A& edge, const B& x) {
  using T = sm::floating<sm::element_of<A, B>>;
  return sm::each<T>([](T e, T v) { return v < e ? T(0) : T(1); }, edge, x);
}
template <sm::Value A, sm::Value B, sm::Value C>
constexpr auto mix(const A& x, const B& y, const C& amount) {
  return sm::in_float([](auto a, auto b, auto t) { return __builtin_elementwise_fma(b - a, t, a); }, x, y,
                      amount);
}
template <sm::Value A, sm::Value B, sm::Value C>
constexpr auto smoothstep(const A& from, const B& to, const C& x) {
  return sm::in_float(
      []<class V>(V a, V b, V v) {
        V t = __builtin_elementwise_min(__builtin_elementwise_max((v - a) / (b - a), V(0.0f)), V(1.0f));
        return t * t * (3.0f - 2.0f * t);
      },
      from, to, x);
}

}  // namespace metal
