// metal_integer. Bit counts and offsets are those of the type; sums and products wrap unless they say
// otherwise.
#pragma once
#include "common.h"

namespace sm {

template <class T>
inline constexpr int bits_of = sizeof(T) * 8;
template <class T>
using unsigned_of = __make_unsigned(T);
// Twice as wide, for exact sums and products.
template <class T>
struct wider {
  typedef metal::conditional_t<metal::is_signed_v<T>, long, ulong> type;
};
template <>
struct wider<long> {
  typedef __int128 type;
};
template <>
struct wider<ulong> {
  typedef unsigned __int128 type;
};
template <class T>
using wide = typename wider<T>::type;

template <class T>
inline constexpr T most =
    T(metal::is_signed_v<T> ? unsigned_of<T>(~unsigned_of<T>(0)) >> 1 : ~unsigned_of<T>(0));
template <>
inline constexpr bool most<bool> = true;
template <class T>
inline constexpr T least = T(metal::is_signed_v<T> ? -most<T> - 1 : T(0));
template <class T, class W>
constexpr T saturated(W x) {
  return x > W(most<T>) ? most<T> : x < W(least<T>) ? least<T> : T(x);
}

template <class T>
constexpr int leading_zeros(T x) {
  unsigned_of<T> u = unsigned_of<T>(x);
  return u == 0 ? bits_of<T> : __builtin_clzl(u) - (64 - bits_of<T>);
}
template <class T>
constexpr int trailing_zeros(T x) {
  unsigned_of<T> u = unsigned_of<T>(x);
  return u == 0 ? bits_of<T> : __builtin_ctzl(u);
}
template <class T>
constexpr T reversed_bits(T x) {
  return T(__builtin_bitreverse64(ulong(unsigned_of<T>(x))) >> (64 - bits_of<T>));
}
template <class T>
constexpr T rotated(T x, T count) {
  unsigned_of<T> u = unsigned_of<T>(x);
  int n = int(count & T(bits_of<T> - 1));
  return n == 0 ? x : T(unsigned_of<T>(u << n) | unsigned_of<T>(u >> (bits_of<T> - n)));
}
template <class T>
constexpr T field(uint bits) {
  return bits >= uint(bits_of<T>) ? T(~T(0)) : T((unsigned_of<T>(1) << bits) - 1);
}
template <class T>
constexpr T extracted(T x, uint offset, uint bits) {
  if (bits == 0 || offset >= uint(bits_of<T>)) return T(0);
  T low = T((unsigned_of<T>(x) >> offset) & unsigned_of<T>(field<T>(bits)));
  if constexpr (metal::is_signed_v<T>) {
    if (bits < uint(bits_of<T>) && (low >> (bits - 1) & 1)) return T(low | ~field<T>(bits));
  }
  return low;
}
template <class T>
constexpr T inserted(T base, T insert, uint offset, uint bits) {
  if (offset >= uint(bits_of<T>)) return base;
  T mask = T(unsigned_of<T>(field<T>(bits)) << offset);
  return T((base & ~mask) | (T(unsigned_of<T>(insert) << offset) & mask));
}
// The low 24 bits, with their sign.
template <class T>
constexpr T low24(T x) {
  return metal::is_signed_v<T> ? T(int(uint(x) << 8) >> 8) : T(x & 0xffffff);
}

// f on elements of the arguments' integer type.
template <class F, class... A>
constexpr auto each_integer(F f, const A&... a) {
  using T = element_of<A...>;
  static_assert(metal::is_integral_v<T>, "an integer function needs integer arguments");
  return each<T>(f, a...);
}
}  // namespace sm

namespace metal {

template <sm::Value A>
constexpr auto abs(const A& a) {
  using T = sm::element_of<A>;
  if constexpr (is_integral_v<T>)
    return sm::each<T>([](T x) { return x < T(0) ? T(-x) : x; }, a);
  else
    return sm::in_float([](auto x) { return __builtin_elementwise_abs(x); }, a);
}

#define SM_FUNCTION(name, expression)                                       \
  template <sm::Value A>                                                    \
  constexpr auto name(const A& a) {                                         \
    return sm::each_integer([]<class T>(T x) { return T(expression); }, a); \
  }
SM_FUNCTION(clz, sm::leading_zeros(x))
SM_FUNCTION(ctz, sm::trailing_zeros(x))
SM_FUNCTION(popcount, __builtin_popcountl(sm::unsigned_of<T>(x)))
SM_FUNCTION(reverse_bits, sm::reversed_bits(x))
#undef SM_FUNCTION

#define SM_FUNCTION(name, expression)                                            \
  template <sm::Value A, sm::Value B>                                            \
  constexpr auto name(const A& a, const B& b) {                                  \
    return sm::each_integer([]<class T>(T x, T y) { return expression; }, a, b); \
  }
SM_FUNCTION(absdiff, sm::unsigned_of<T>(x < y ? sm::unsigned_of<T>(y) - sm::unsigned_of<T>(x)
                                              : sm::unsigned_of<T>(x) - sm::unsigned_of<T>(y)))
SM_FUNCTION(addsat, sm::saturated<T>(sm::wide<T>(x) + sm::wide<T>(y)))
SM_FUNCTION(subsat, x < y && !is_signed_v<T> ? T(0) : sm::saturated<T>(sm::wide<T>(x) - sm::wide<T>(y)))
SM_FUNCTION(hadd, T((sm::wide<T>(x) + sm::wide<T>(y)) >> 1))
SM_FUNCTION(rhadd, T((sm::wide<T>(x) + sm::wide<T>(y) + 1) >> 1))
SM_FUNCTION(mulhi, T((sm::wide<T>(x) * sm::wide<T>(y)) >> sm::bits_of<T>))
SM_FUNCTION(mul24, T(sm::low24(x) * sm::low24(y)))
SM_FUNCTION(rotate, sm::rotated(x, y))
#undef SM_FUNCTION

template <sm::Value A, sm::Value B, sm::Value C>
constexpr auto mad24(const A& a, const B& b, const C& c) {
  return mul24(a, b) + c;
}
template <sm::Value A, sm::Value B, sm::Value C>
constexpr auto madhi(const A& a, const B& b, const C& c) {
  return sm::each_integer(
      []<class T>(T x, T y, T z) { return T(T((sm::wide<T>(x) * sm::wide<T>(y)) >> sm::bits_of<T>) + z); }, a,
      b, c);
}
template <sm::Value A, sm::Value B, sm::Value C>
constexpr auto madsat(const A& a, const B& b, const C& c) {
  return sm::each_integer([]<class T>(T x, T y, T z) { return sm::saturated<T>(sm::wide<T>(x) * y + z); }, a,
                          b, c);
}
template <sm::Value A>
constexpr auto extract_bits(const A& a, uint offset, uint bits) {
  return sm::each_integer([=]<class T>(T x) { return sm::extracted(x, offset, bits); }, a);
}
template <sm::Value A, sm::Value B>
constexpr auto insert_bits(const A& base, const B& insert, uint offset, uint bits) {
  return sm::each_integer([=]<class T>(T x, T y) { return sm::inserted(x, y, offset, bits); }, base, insert);
}

}  // namespace metal
