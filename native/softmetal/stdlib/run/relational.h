// metal_relational.
#pragma once
#include "elementwise.h"

namespace sm {
constexpr bool is_nan(float x) { return x != x; }
constexpr bool is_infinite(float x) { return x == __builtin_inff() || x == -__builtin_inff(); }
constexpr bool is_finite(float x) { return x - x == 0; }
template <class T>
constexpr bool is_normal(T x) {
  constexpr float smallest = __is_same(T, half) ? 0x1p-14f : 0x1p-126f;
  float size = float(x) < 0 ? -float(x) : float(x);
  return is_finite(float(x)) && size >= smallest;
}
template <class T>
constexpr bool sign_bit(T x) {
  if constexpr (sizeof(T) == 2)
    return __builtin_bit_cast(short, x) < 0;
  else
    return __builtin_bit_cast(int, x) < 0;
}
}  // namespace sm

namespace metal {

#define SM_FUNCTION(name, expression)                              \
  template <sm::Value A>                                           \
  constexpr auto name(const A& a) {                                \
    using T = sm::floating<sm::element_of<A>>;                     \
    return sm::each<T>([](T x) -> bool { return expression; }, a); \
  }
SM_FUNCTION(isnan, sm::is_nan(float(x)))
SM_FUNCTION(isinf, sm::is_infinite(float(x)))
SM_FUNCTION(isfinite, sm::is_finite(float(x)))
SM_FUNCTION(isnormal, sm::is_normal(x))
SM_FUNCTION(signbit, sm::sign_bit(x))
#undef SM_FUNCTION

template <sm::Value A, sm::Value B>
constexpr auto isordered(const A& a, const B& b) {
  return sm::each<float>([](float x, float y) -> bool { return x == x && y == y; }, a, b);
}
template <sm::Value A, sm::Value B>
constexpr auto isunordered(const A& a, const B& b) {
  return sm::each<float>([](float x, float y) -> bool { return x != x || y != y; }, a, b);
}

template <sm::Value A>
constexpr bool all(const A& a) {
  if constexpr (sm::width<A> == 1)
    return bool(a);
  else
    return a[0] && a[1] && (sm::width<A> < 3 || a[sm::width<A> > 2 ? 2 : 0]) &&
           (sm::width<A> < 4 || a[sm::width<A> - 1]);
}
template <sm::Value A>
constexpr bool any(const A& a) {
  if constexpr (sm::width<A> == 1)
    return bool(a);
  else
    return a[0] || a[1] || a[sm::width<A> > 2 ? 2 : 0] || a[sm::width<A> - 1];
}

// Where the condition holds, the second argument.
template <class A, class B, sm::Value C>
constexpr auto select(const A& a, const B& b, const C& condition) {
  if constexpr (sm::Value<A> && sm::Value<B> && (sm::width<C> > 1 || sm::is_vector<A> || sm::is_vector<B>)) {
    using T = sm::element_of<A, B>;
    constexpr int N = sm::width_of<A, B, C>;
    return sm::generate<T, N>(
        [&](int i) { return sm::lane_of(condition, i) ? T(sm::lane_of(b, i)) : T(sm::lane_of(a, i)); });
  } else {
    return condition ? b : a;
  }
}

}  // namespace metal
