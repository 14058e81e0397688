// Component selection: v.x, v.zyx, v.rg. Each name is a property of its class: reading calls get_<name>,
// assigning calls put_<name>, so v.xy has the real type vec<T, 2> and no storage of its own. The class offers
// at<i>(), set<i>(value) and place<i>(). Assigning to a repeated letter (v.xx) does not compile.
#pragma once
#include "types.h"

// The member as a place in memory, whether it is a component of a vec or a variable of the shader's own
// class.
#define SM_MEMBER(object, name)                                 \
  [](auto& sm_object) __attribute__((always_inline)) -> auto& { \
    if constexpr (requires { sm_object.ref_##name(); })         \
      return sm_object.ref_##name();                            \
    else                                                        \
      return sm_object.name;                                    \
  }(object)

#define SM_COMPONENT(xyzw, rgba, i)                  \
  constexpr T get_##xyzw() const { return at<i>(); } \
  constexpr T put_##xyzw(T v) { return set<i>(v); }  \
  T& ref_##xyzw() { return place<i>(); }             \
  T& ref_##rgba() { return place<i>(); }             \
  __declspec(property(get = get_##xyzw, put = put_##xyzw)) T xyzw, rgba;

#define SM_PAIR(xyzw, rgba, i, j)                                                              \
  constexpr metal::vec<T, 2> get_##xyzw() const { return metal::vec<T, 2>(at<i>(), at<j>()); } \
  constexpr metal::vec<T, 2> put_##xyzw(metal::vec<T, 2> v)                                    \
    requires(i != j)                                                                           \
  {                                                                                            \
    set<i>(v.template at<0>());                                                                \
    set<j>(v.template at<1>());                                                                \
    return v;                                                                                  \
  }                                                                                            \
  __declspec(property(get = get_##xyzw, put = put_##xyzw)) metal::vec<T, 2> xyzw, rgba;

#define SM_TRIPLE(xyzw, rgba, i, j, k)                                                                  \
  constexpr metal::vec<T, 3> get_##xyzw() const { return metal::vec<T, 3>(at<i>(), at<j>(), at<k>()); } \
  constexpr metal::vec<T, 3> put_##xyzw(metal::vec<T, 3> v)                                             \
    requires(i != j && j != k && i != k)                                                                \
  {                                                                                                     \
    set<i>(v.template at<0>());                                                                         \
    set<j>(v.template at<1>());                                                                         \
    set<k>(v.template at<2>());                                                                         \
    return v;                                                                                           \
  }                                                                                                     \
  __declspec(property(get = get_##xyzw, put = put_##xyzw)) metal::vec<T, 3> xyzw, rgba;

#define SM_QUAD(xyzw, rgba, i, j, k, l)                                \
  constexpr metal::vec<T, 4> get_##xyzw() const {                      \
    return metal::vec<T, 4>(at<i>(), at<j>(), at<k>(), at<l>());       \
  }                                                                    \
  constexpr metal::vec<T, 4> put_##xyzw(metal::vec<T, 4> v)            \
    requires(i != j && i != k && i != l && j != k && j != l && k != l) \
  {                                                                    \
    set<i>(v.template at<0>());                                        \
    set<j>(v.template at<1>());                                        \
    set<k>(v.template at<2>());                                        \
    set<l>(v.template at<3>());                                        \
    return v;                                                          \
  }                                                                    \
  __declspec(property(get = get_##xyzw, put = put_##xyzw)) metal::vec<T, 4> xyzw, rgba;

// All names that start with the letters p (xyzw) and q (rgba), for a vector of 2, 3 or 4 components.
#define SM_LAST_2(p, q, i, j, k) SM_QUAD(p##x, q##r, i, j, k, 0) SM_QUAD(p##y, q##g, i, j, k, 1)
#define SM_LAST_3(p, q, i, j, k) SM_LAST_2(p, q, i, j, k) SM_QUAD(p##z, q##b, i, j, k, 2)
#define SM_LAST_4(p, q, i, j, k) SM_LAST_3(p, q, i, j, k) SM_QUAD(p##w, q##a, i, j, k, 3)

#define SM_THIRD(n, p, q, i, j, k) SM_TRIPLE(p, q, i, j, k) SM_LAST_##n(p, q, i, j, k)
#define SM_THIRD_2(n, p, q, i, j) SM_THIRD(n, p##x, q##r, i, j, 0) SM_THIRD(n, p##y, q##g, i, j, 1)
#define SM_THIRD_3(n, p, q, i, j) SM_THIRD_2(n, p, q, i, j) SM_THIRD(n, p##z, q##b, i, j, 2)
#define SM_THIRD_4(n, p, q, i, j) SM_THIRD_3(n, p, q, i, j) SM_THIRD(n, p##w, q##a, i, j, 3)

#define SM_SECOND(n, p, q, i, j) SM_PAIR(p, q, i, j) SM_THIRD_##n(n, p, q, i, j)
#define SM_SECOND_2(n, p, q, i) SM_SECOND(n, p##x, q##r, i, 0) SM_SECOND(n, p##y, q##g, i, 1)
#define SM_SECOND_3(n, p, q, i) SM_SECOND_2(n, p, q, i) SM_SECOND(n, p##z, q##b, i, 2)
#define SM_SECOND_4(n, p, q, i) SM_SECOND_3(n, p, q, i) SM_SECOND(n, p##w, q##a, i, 3)

#define SM_FIRST(n, p, q, i) SM_COMPONENT(p, q, i) SM_SECOND_##n(n, p, q, i)
#define SM_SWIZZLES_2(n) SM_FIRST(n, x, r, 0) SM_FIRST(n, y, g, 1)
#define SM_SWIZZLES_3(n) SM_SWIZZLES_2(n) SM_FIRST(n, z, b, 2)
#define SM_SWIZZLES_4(n) SM_SWIZZLES_3(n) SM_FIRST(n, w, a, 3)
#define SM_SWIZZLES(n) SM_SWIZZLES_##n(n)
