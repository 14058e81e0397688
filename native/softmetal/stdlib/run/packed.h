// packed_float3 and its kin: the elements side by side, aligned like one element. They convert to and from
// vec; arithmetic gives a vec.
#pragma once
#include "vector.h"

namespace sm {
template <class T, int N>
struct packed_components;
#define SM_PACKED(n)               \
  template <class T>               \
  struct packed_components<T, n> { \
    T s[n];                        \
    template <int i>               \
    constexpr T at() const {       \
      return s[i];                 \
    }                              \
    template <int i>               \
    constexpr T set(T value) {     \
      return s[i] = value;         \
    }                              \
    template <int i>               \
    T& place() {                   \
      return s[i];                 \
    }                              \
    SM_SWIZZLES(n)                 \
  };
SM_PACKED(2)
SM_PACKED(3)
SM_PACKED(4)
#undef SM_PACKED
}  // namespace sm

namespace metal {

template <class T, int N>
struct packed_vec : sm::packed_components<T, N> {
  using sm::packed_components<T, N>::s;

  packed_vec() = default;
  constexpr packed_vec(const vec<T, N>& v) {
    s[0] = v[0];
    s[1] = v[1];
    if constexpr (N > 2) s[2] = v[2];
    if constexpr (N > 3) s[3] = v[3];
  }
  template <sm::Scalar S>
  constexpr packed_vec(S value) : packed_vec(vec<T, N>(value)) {}
  template <class U, int M>
    requires(M == N && !is_same_v<U, T>)
  constexpr explicit packed_vec(const vec<U, M>& v) : packed_vec(vec<T, N>(v)) {}
  template <class U>
    requires(!is_same_v<U, T>)
  constexpr explicit packed_vec(const packed_vec<U, N>& p) : packed_vec(vec<T, N>(p)) {}
  template <sm::Value A, sm::Value... B>
    requires(sizeof...(B) > 0 && (sm::width<A> + ... + sm::width<B>) == N)
  constexpr packed_vec(const A& first, const B&... more) : packed_vec(vec<T, N>(first, more...)) {}

  constexpr T& operator[](long i) { return s[i]; }
  constexpr const T& operator[](long i) const { return s[i]; }

#define SM_OPERATOR(op)                                \
  template <class B>                                   \
  constexpr packed_vec& operator op## = (const B& b) { \
    return *this = sm::value(*this) op sm::value(b);   \
  }
  SM_NUMBER_OPERATORS(SM_OPERATOR)
  SM_INTEGER_OPERATORS(SM_OPERATOR)
  SM_SHIFT_OPERATORS(SM_OPERATOR)
#undef SM_OPERATOR
};

#define SM_OPERATOR(op)                                \
  template <class A, class B>                          \
    requires(sm::is_packed<A> || sm::is_packed<B>)     \
  constexpr auto operator op(const A& a, const B& b) { \
    return sm::value(a) op sm::value(b);               \
  }
SM_NUMBER_OPERATORS(SM_OPERATOR)
SM_INTEGER_OPERATORS(SM_OPERATOR)
SM_SHIFT_OPERATORS(SM_OPERATOR)
SM_COMPARISONS(SM_OPERATOR)
SM_LOGIC(SM_OPERATOR)
#undef SM_OPERATOR
#define SM_OPERATOR(op)                    \
  template <class A>                       \
    requires(sm::is_packed<A>)             \
  constexpr auto operator op(const A& a) { \
    return op sm::value(a);                \
  }
SM_UNARY(SM_OPERATOR)
#undef SM_OPERATOR

}  // namespace metal

// float2, uint4, packed_half3, ...: global, and in metal for metal::float4.
#define SM_VECTOR_NAMES(t)                       \
  typedef metal::vec<t, 2> t##2;                 \
  typedef metal::vec<t, 3> t##3;                 \
  typedef metal::vec<t, 4> t##4;                 \
  typedef metal::packed_vec<t, 2> packed_##t##2; \
  typedef metal::packed_vec<t, 3> packed_##t##3; \
  typedef metal::packed_vec<t, 4> packed_##t##4; \
  namespace metal {                              \
  using ::t##2;                                  \
  using ::t##3;                                  \
  using ::t##4;                                  \
  using ::packed_##t##2;                         \
  using ::packed_##t##3;                         \
  using ::packed_##t##4;                         \
  }
SM_VECTOR_NAMES(bool)
SM_VECTOR_NAMES(char)
SM_VECTOR_NAMES(uchar)
SM_VECTOR_NAMES(short)
SM_VECTOR_NAMES(ushort)
SM_VECTOR_NAMES(int)
SM_VECTOR_NAMES(uint)
SM_VECTOR_NAMES(long)
SM_VECTOR_NAMES(ulong)
SM_VECTOR_NAMES(half)
SM_VECTOR_NAMES(bfloat)
SM_VECTOR_NAMES(float)
#undef SM_VECTOR_NAMES
