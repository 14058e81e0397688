// How a function of scalars becomes one of vectors: arguments join to one element type and one width, scalars
// are repeated.
#pragma once
#include "packed.h"

namespace sm {

template <class T>
inline constexpr bool is_small_float = __is_same(T, half) || __is_same(T, bfloat);

template <class A, class B>
constexpr auto join_scalars() {
  if constexpr (__is_same(A, B))
    return A();
  else if constexpr (metal::is_floating_point_v<A> && metal::is_floating_point_v<B>)
    return 0.0f;
  else if constexpr (metal::is_floating_point_v<A>)
    return A();
  else if constexpr (metal::is_floating_point_v<B>)
    return B();
  else
    return A() + B();
}
template <class T>
using single = metal::conditional_t<__is_same(T, double), float, T>;

// A vector decides the element type, scalars next to it are converted; among scalars the usual arithmetic
// conversions hold, and MSL knows no double.
template <class... A>
struct join;
template <class A>
struct join<A> {
  typedef single<element_t<A>> element;
  static constexpr int width = sm::width<A>;
};
template <class A, class B, class... C>
struct join<A, B, C...> {
  typedef join<B, C...> rest;
  typedef single<element_t<A>> mine;
  typedef decltype(join_scalars<mine, typename rest::element>()) common;
  typedef metal::conditional_t<(sm::width<A> > 1), mine,
                               metal::conditional_t<(rest::width > 1), typename rest::element, common>>
      element;
  static constexpr int width = sm::width<A> > 1 ? sm::width<A> : rest::width;
};
template <class... A>
using element_of = typename join<A...>::element;
template <class... A>
inline constexpr int width_of = join<A...>::width;

template <class T>
using floating = metal::conditional_t<metal::is_floating_point_v<T>, T, float>;

template <class T, int N>
struct value_type {
  typedef metal::vec<T, N> type;
};
template <class T>
struct value_type<T, 1> {
  typedef T type;
};
template <class T, int N>
using value_t = typename value_type<T, N>::type;

template <class T, int N, class A>
constexpr value_t<T, N> to(const A& a) {
  return value_t<T, N>(value(a));
}

// Arguments as floats (a float or a native vector of them), results back in the element type.
template <class T, int N>
constexpr auto widened(const value_t<T, N>& v) {
  if constexpr (N == 1)
    return float(v);
  else if constexpr (__is_same(T, bfloat))
    return from_bfloat<N>(v.d);
  else
    return __builtin_convertvector(v.d, native<float, N>);
}
template <class T, int N, class V>
constexpr value_t<T, N> narrowed(V v) {
  if constexpr (N == 1) {
    return T(v);
  } else if constexpr (__is_same(T, bfloat)) {
    return rounded<T, N>(v);
  } else {
    value_t<T, N> result;
    result.d = __builtin_convertvector(v, native<T, N>);
    return result;
  }
}

// f computes on floats and on native vectors of floats alike; one rounding to the element type at its end.
template <class F, class... A>
constexpr auto in_float(F f, const A&... a) {
  using T = floating<element_of<A...>>;
  constexpr int N = width_of<A...>;
  return narrowed<T, N>(f(widened<T, N>(to<T, N>(a))...));
}

template <class A>
constexpr auto lane_of(const A& a, int i) {
  if constexpr (is_vector<A>)
    return a[i];
  else
    return a;
}
// f computes on scalars of type T, element by element.
template <class T, class F, class... A>
constexpr auto each(F f, const A&... a) {
  constexpr int N = width_of<A...>;
  if constexpr (N == 1) {
    return f(T(a)...);
  } else {
    using R = decltype(f(T(lane_of(a, 0))...));
    return generate<R, N>([&](int i) { return f(T(lane_of(a, i))...); });
  }
}
// As each, for functions that only libm has: small floats are computed in float.
template <class F, class... A>
constexpr auto each_float(F f, const A&... a) {
  using T = floating<element_of<A...>>;
  return each<T>([&](auto... x) { return T(f(float(x)...)); }, a...);
}

// Writes one element of a result that is returned by reference.
template <class R, class V>
constexpr void put_lane(R& to, int i, V v) {
  if constexpr (is_vector<R>)
    to[i] = v;
  else
    to = R(v);
}

}  // namespace sm
