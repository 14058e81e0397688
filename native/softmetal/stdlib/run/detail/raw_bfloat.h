// Vectors of float <-> bfloat by integer arithmetic: round to nearest even, NaN stays NaN. The compiler's own
// lowering calls a library function for each element on x86-64 and loses some NaNs on arm64.
#pragma once
#include "../types.h"

namespace sm {

template <int N>
using native_float = float __attribute__((ext_vector_type(N)));
template <int N>
using native_uint = uint __attribute__((ext_vector_type(N)));
template <int N>
using native_ushort = ushort __attribute__((ext_vector_type(N)));
template <int N>
using native_bfloat = bfloat __attribute__((ext_vector_type(N)));

// Three elements occupy four: cast through the memory they share.
template <class To, class From>
inline To native_cast(From from) {
  To to;
  __builtin_memcpy(&to, &from, sizeof to);
  return to;
}

template <int N>
constexpr native_bfloat<N> to_bfloat(native_float<N> value) {
  if (__builtin_is_constant_evaluated()) return __builtin_convertvector(value, native_bfloat<N>);
  auto bits = native_cast<native_uint<N>>(value);
  native_uint<N> rounded = bits + 0x7fffu + (bits >> 16u & 1u);
  native_uint<N> is_nan = native_cast<native_uint<N>>(value != value);
  native_uint<N> chosen = (is_nan & (bits | 0x400000u)) | (~is_nan & rounded);
  return native_cast<native_bfloat<N>>(__builtin_convertvector(chosen >> 16u, native_ushort<N>));
}

template <int N>
constexpr native_float<N> from_bfloat(native_bfloat<N> value) {
  if (__builtin_is_constant_evaluated()) return __builtin_convertvector(value, native_float<N>);
  auto bits = __builtin_convertvector(native_cast<native_ushort<N>>(value), native_uint<N>) << 16u;
  return native_cast<native_float<N>>(bits);
}

}  // namespace sm
