// Names that Apple's own headers use inside, and that some projects call directly: the public functions with
// a last argument that asks for fast or precise forms.
#pragma once
#include "integer.h"
#include "math.h"
#include "quad.h"
#include "simd.h"

#define SM_FORWARD(name)                            \
  template <class A>                                \
  constexpr auto __metal_##name(const A& a, bool) { \
    return metal::name(a);                          \
  }
SM_FORWARD(acos)
SM_FORWARD(acosh)
SM_FORWARD(asin)
SM_FORWARD(asinh)
SM_FORWARD(atan)
SM_FORWARD(atanh)
SM_FORWARD(ceil)
SM_FORWARD(cos)
SM_FORWARD(cosh)
SM_FORWARD(cospi)
SM_FORWARD(exp)
SM_FORWARD(exp2)
SM_FORWARD(exp10)
SM_FORWARD(fabs)
SM_FORWARD(floor)
SM_FORWARD(fract)
SM_FORWARD(log)
SM_FORWARD(log2)
SM_FORWARD(log10)
SM_FORWARD(rint)
SM_FORWARD(round)
SM_FORWARD(rsqrt)
SM_FORWARD(sin)
SM_FORWARD(sinh)
SM_FORWARD(sinpi)
SM_FORWARD(sqrt)
SM_FORWARD(tan)
SM_FORWARD(tanh)
SM_FORWARD(tanpi)
SM_FORWARD(trunc)
#undef SM_FORWARD
#define SM_FORWARD(name)                                               \
  template <class A, class B>                                          \
  constexpr auto __metal_##name(const A& a, const B& b, bool = true) { \
    return metal::name(a, b);                                          \
  }
SM_FORWARD(atan2)
SM_FORWARD(divide)
SM_FORWARD(fmax)
SM_FORWARD(fmin)
SM_FORWARD(fmod)
SM_FORWARD(ldexp)
SM_FORWARD(nextafter)
SM_FORWARD(pow)
SM_FORWARD(powr)
#undef SM_FORWARD
#define SM_FORWARD(name)                                                           \
  template <class A, class B, class C>                                             \
  constexpr auto __metal_##name(const A& a, const B& b, const C& c, bool = true) { \
    return metal::name(a, b, c);                                                   \
  }
SM_FORWARD(fma)
SM_FORWARD(fmax3)
SM_FORWARD(fmedian3)
SM_FORWARD(fmin3)
#undef SM_FORWARD
template <class A, class E>
constexpr auto __metal_frexp(const A& a, E* exponent) {
  return metal::frexp(a, *exponent);
}

#define SM_FORWARD(name)                                                   \
  template <class T>                                                       \
  SM_COLLECTIVE auto __metal_##name(T data, sm::here place = sm::here()) { \
    return metal::name(data, place);                                       \
  }
SM_FORWARD(simd_max)
SM_FORWARD(simd_min)
SM_FORWARD(simd_prefix_exclusive_product)
SM_FORWARD(simd_prefix_exclusive_sum)
SM_FORWARD(simd_prefix_inclusive_product)
SM_FORWARD(simd_prefix_inclusive_sum)
SM_FORWARD(simd_product)
SM_FORWARD(simd_sum)
#undef SM_FORWARD
#define SM_FORWARD(name)                                                                \
  template <class T>                                                                    \
  SM_COLLECTIVE auto __metal_##name(T data, ushort lane, sm::here place = sm::here()) { \
    return metal::name(data, lane, place);                                              \
  }
SM_FORWARD(simd_broadcast)
SM_FORWARD(simd_shuffle)
SM_FORWARD(simd_shuffle_down)
SM_FORWARD(simd_shuffle_rotate_down)
SM_FORWARD(simd_shuffle_rotate_up)
SM_FORWARD(simd_shuffle_up)
SM_FORWARD(simd_shuffle_xor)
#undef SM_FORWARD
#define SM_FORWARD(name)                                                         \
  template <class T>                                                             \
  SM_COLLECTIVE auto __metal_##name(T data, T fill, ushort delta, ushort modulo, \
                                    sm::here place = sm::here()) {               \
    return metal::name(data, fill, delta, modulo, place);                        \
  }
SM_FORWARD(simd_shuffle_and_fill_down)
SM_FORWARD(simd_shuffle_and_fill_up)
#undef SM_FORWARD

// These take floating-point numbers too, as patterns of bits.
#define SM_FORWARD(name)                                                \
  template <class T>                                                    \
  SM_COLLECTIVE T __metal_##name(T data, sm::here place = sm::here()) { \
    if constexpr (metal::is_floating_point_v<T>) {                      \
      typedef metal::conditional_t<sizeof(T) == 2, ushort, uint> bits;  \
      return as_type<T>(metal::name(as_type<bits>(data), place));       \
    } else {                                                            \
      return metal::name(data, place);                                  \
    }                                                                   \
  }
SM_FORWARD(simd_and)
SM_FORWARD(simd_or)
SM_FORWARD(simd_xor)
#undef SM_FORWARD

template <class T>
inline T __metal_get_thread_index_in_simdgroup(T) {
  return T(sm::lane());
}
template <class T>
inline T __metal_get_simdgroup_size(T) {
  return T(SM_LANES);
}

namespace metal {
template <class T>
struct vec_elements : integral_constant<uint, sm::width<T>> {};
// Can simd_sum and its kin take it?
template <class T>
struct __is_valid_simdgroup_type
    : bool_constant<sm::Value<T> && sizeof(sm::element_t<T>) <= 4 && !__is_same(sm::element_t<T>, bool)> {};
}  // namespace metal
