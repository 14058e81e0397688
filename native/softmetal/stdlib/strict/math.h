// metal_common, metal_math and metal_geometric.
#pragma once
#include "overloads.h"

namespace metal {

// Those that exist again in fast:: and precise::.
// clang-format off
#define SM_MATH_FUNCTIONS                                                                                        \
  SM_FLOATS(SM_UNARY, acos) SM_FLOATS(SM_UNARY, acosh) SM_FLOATS(SM_UNARY, asin) SM_FLOATS(SM_UNARY, asinh)      \
  SM_FLOATS(SM_UNARY, atan) SM_FLOATS(SM_UNARY, atanh) SM_FLOATS(SM_UNARY, ceil) SM_FLOATS(SM_UNARY, cos)        \
  SM_FLOATS(SM_UNARY, cosh) SM_FLOATS(SM_UNARY, cospi) SM_FLOATS(SM_UNARY, exp) SM_FLOATS(SM_UNARY, exp10)       \
  SM_FLOATS(SM_UNARY, exp2) SM_FLOATS(SM_UNARY, fabs) SM_FLOATS(SM_UNARY, floor) SM_FLOATS(SM_UNARY, fract)      \
  SM_FLOATS(SM_UNARY, log) SM_FLOATS(SM_UNARY, log10) SM_FLOATS(SM_UNARY, log2) SM_FLOATS(SM_UNARY, rint)        \
  SM_FLOATS(SM_UNARY, round) SM_FLOATS(SM_UNARY, rsqrt) SM_FLOATS(SM_UNARY, sign) SM_FLOATS(SM_UNARY, sin)       \
  SM_FLOATS(SM_UNARY, sinh) SM_FLOATS(SM_UNARY, sinpi) SM_FLOATS(SM_UNARY, sqrt) SM_FLOATS(SM_UNARY, tan)        \
  SM_FLOATS(SM_UNARY, tanh) SM_FLOATS(SM_UNARY, tanpi) SM_FLOATS(SM_UNARY, trunc) SM_FLOATS(SM_UNARY, saturate)  \
  SM_FLOATS(SM_UNARY, abs) SM_FLOATS(SM_BINARY, atan2) SM_FLOATS(SM_BINARY, copysign) SM_FLOATS(SM_BINARY, fdim) \
  SM_FLOATS(SM_BINARY, divide) SM_FLOATS(SM_BINARY, fmax) SM_FLOATS(SM_BINARY, fmin) SM_FLOATS(SM_BINARY, fmod)  \
  SM_FLOATS(SM_BINARY, max) SM_FLOATS(SM_BINARY, min) SM_FLOATS(SM_BINARY, nextafter) SM_FLOATS(SM_BINARY, pow)  \
  SM_FLOATS(SM_BINARY, powr) SM_FLOATS(SM_BINARY, step) SM_FLOATS(SM_TERNARY, clamp) SM_FLOATS(SM_TERNARY, fma)  \
  SM_FLOATS(SM_TERNARY, fmax3) SM_FLOATS(SM_TERNARY, fmin3) SM_FLOATS(SM_TERNARY, fmedian3)                      \
  SM_FLOATS(SM_TERNARY, max3) SM_FLOATS(SM_TERNARY, min3) SM_FLOATS(SM_TERNARY, median3)                         \
  SM_FLOATS(SM_TERNARY, mix) SM_FLOATS(SM_TERNARY, smoothstep)                                                   \
  SM_FLOATS(SM_SINCOS, sincos) SM_FLOATS(SM_SINCOS, modf) SM_FLOATS(SM_FREXP, frexp) SM_FLOATS(SM_LDEXP, ldexp)  \
  SM_FLOATS(SM_ILOGB, ilogb)                                                                                     \
  SM_FLOAT_VECTORS(SM_GEOMETRIC, ) SM_FLOATS(SM_UNARY, normalize)                                                \
  float3 cross(float3, float3);                                                                                  \
  half3 cross(half3, half3);
// clang-format on

#define SM_SINCOS(T, name) T name(T, __private T&);
template <class T, int N>
struct sm_ints {
  typedef vec<int, N> type;
};
template <class T>
struct sm_ints<T, 1> {
  typedef int type;
};
#define SM_FREXP(T, name) T name(T, __private sm_ints<T, sm_element<T>::width>::type&);
#define SM_LDEXP(T, name) T name(T, sm_ints<T, sm_element<T>::width>::type);
#define SM_ILOGB(T, name) sm_ints<T, sm_element<T>::width>::type name(T);
#define SM_GEOMETRIC(V, T, ...) \
  T dot(V, V);                  \
  T distance(V, V);             \
  T distance_squared(V, V);     \
  T length(V);                  \
  T length_squared(V);          \
  V faceforward(V, V, V);       \
  V reflect(V, V);              \
  V refract(V, V, T);

SM_MATH_FUNCTIONS
namespace fast {
SM_MATH_FUNCTIONS
}
namespace precise {
SM_MATH_FUNCTIONS
}

template <class T, int C, int R>
matrix<T, R, C> transpose(matrix<T, C, R>);
template <class T, int N>
T determinant(matrix<T, N, N>);

#undef SM_MATH_FUNCTIONS
#undef SM_SINCOS
#undef SM_FREXP
#undef SM_LDEXP
#undef SM_ILOGB
#undef SM_GEOMETRIC

}  // namespace metal
