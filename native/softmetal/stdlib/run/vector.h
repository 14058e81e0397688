// vec<T, 2|3|4>: size and alignment as in MSL, a trivial class around the compiler's own vector type, so that
// a vector is one load and one operation in the compiler's output.
#pragma once
#include "detail/raw_bfloat.h"
#include "swizzle.h"
#include "traits.h"

namespace metal {
template <class T, int N>
struct vec;
template <class T, int N>
struct packed_vec;
}  // namespace metal

namespace sm {
using metal::vec;

// What a scalar or vector is made of. Plain types are their own single element.
template <class A>
struct shape {
  typedef A element;
  static constexpr int width = 1;
  static constexpr bool is_vector = false, is_packed = false;
};
template <class T, int N>
struct shape<metal::vec<T, N>> {
  typedef T element;
  static constexpr int width = N;
  static constexpr bool is_vector = true, is_packed = false;
};
template <class T, int N>
struct shape<metal::packed_vec<T, N>> {
  typedef T element;
  static constexpr int width = N;
  static constexpr bool is_vector = true, is_packed = true;
};
template <class A>
using element_t = typename shape<__remove_cvref(A)>::element;
template <class A>
inline constexpr int width = shape<__remove_cvref(A)>::width;
template <class A>
inline constexpr bool is_vector = shape<__remove_cvref(A)>::is_vector;
template <class A>
inline constexpr bool is_packed = shape<__remove_cvref(A)>::is_packed;

template <class A>
concept Scalar = metal::is_arithmetic_v<__remove_cvref(A)> ||
                 (__is_enum(__remove_cvref(A)) && __is_convertible_to(A, int));
template <class A>
concept Vector = is_vector<A>;
template <class A>
concept Value = Scalar<A> || Vector<A>;

// bool elements are bytes 0 and 1.
template <class T>
struct stored {
  typedef T type;
};
template <>
struct stored<bool> {
  typedef uchar type;
};
template <class T, int N>
using native = typename stored<T>::type __attribute__((ext_vector_type(N)));

// bfloat vectors are computed in float and rounded after each operation; everything else as it is.
template <class T, int N>
constexpr auto unrounded(native<T, N> value) {
  if constexpr (__is_same(T, bfloat))
    return from_bfloat<N>(value);
  else
    return value;
}
// The compiler's comparisons give lanes of 0 and -1.
template <int N, class V>
constexpr vec<bool, N> truth(V lanes) {
  vec<bool, N> result;
  result.d = -__builtin_convertvector(lanes, native<uchar, N>);
  return result;
}

template <class T, int N, class V>
constexpr vec<T, N> rounded(V value) {
  vec<T, N> result;
  if constexpr (__is_same(T, bfloat))
    result.d = to_bfloat<N>(value);
  else if constexpr (__is_same(T, bool))
    return truth<N>(value != 0);
  else
    result.d = value;
  return result;
}

// Storage and component names of a vec. One component is read and written alone: its neighbours may belong to
// other threads. The alignment is MSL's; clang's own vectors have none above 16 on arm64.
template <class T, int N>
struct components;
#define SM_COMPONENTS(n)                                     \
  template <class T>                                         \
  struct components<T, n> {                                  \
    alignas(sizeof(T) * (n == 3 ? 4 : n)) native<T, n> d;    \
    template <int i>                                         \
    constexpr T at() const {                                 \
      if (__builtin_is_constant_evaluated()) return T(d[i]); \
      return reinterpret_cast<const T*>(this)[i];            \
    }                                                        \
    template <int i>                                         \
    constexpr T set(T value) {                               \
      if (__builtin_is_constant_evaluated())                 \
        d[i] = value;                                        \
      else                                                   \
        reinterpret_cast<T*>(this)[i] = value;               \
      return value;                                          \
    }                                                        \
    template <int i>                                         \
    T& place() {                                             \
      return reinterpret_cast<T*>(this)[i];                  \
    }                                                        \
    SM_SWIZZLES(n)                                           \
  };
SM_COMPONENTS(2)
SM_COMPONENTS(3)
SM_COMPONENTS(4)
#undef SM_COMPONENTS

template <class T, int N>
constexpr vec<T, N> from_array(const T (&e)[N]) {
  using L = typename stored<T>::type;
  vec<T, N> result;
  if constexpr (N == 2) result.d = native<T, N>{L(e[0]), L(e[1])};
  if constexpr (N == 3) result.d = native<T, N>{L(e[0]), L(e[1]), L(e[2])};
  if constexpr (N == 4) result.d = native<T, N>{L(e[0]), L(e[1]), L(e[2]), L(e[3])};
  return result;
}

// The vector of f(0), f(1), ...; written out, because unoptimised builds leave loops as they are.
template <class T, int N, class F>
constexpr vec<T, N> generate(F f) {
  if constexpr (N == 2) return from_array<T, N>({T(f(0)), T(f(1))});
  if constexpr (N == 3) return from_array<T, N>({T(f(0)), T(f(1)), T(f(2))});
  if constexpr (N == 4) return from_array<T, N>({T(f(0)), T(f(1)), T(f(2)), T(f(3))});
}

// Conversion of each element, as T(element) would do it.
template <class T, class U, int N>
constexpr vec<T, N> converted(const vec<U, N>& from) {
  vec<T, N> result;
  if constexpr (__is_same(U, bfloat) && !__is_same(T, bool)) {
    return converted<T>(rounded<float, N>(from_bfloat<N>(from.d)));
  } else if constexpr (__is_same(T, bfloat) && __is_same(U, float)) {
    result.d = to_bfloat<N>(from.d);
  } else if constexpr (__is_same(T, bool) || (metal::is_floating_point_v<U> && metal::is_integral_v<T>)) {
    // Not __builtin_convertvector: it neither saturates nor tests for zero.
    return generate<T, N>([&](int i) { return from[i]; });
  } else if constexpr (__is_same(T, bfloat)) {
    return converted<T>(converted<float>(from));
  } else {
    result.d = __builtin_convertvector(from.d, native<T, N>);
  }
  return result;
}

// The vector that a packed one holds; scalars and vectors as they are.
template <class A>
constexpr auto value(const A& a) {
  if constexpr (is_packed<A>)
    return vec<element_t<A>, width<A>>(a);
  else
    return a;
}
}  // namespace sm

// Operators that are alike, for macros that define one.
#define SM_NUMBER_OPERATORS(define) define(+) define(-) define(*) define(/)
#define SM_INTEGER_OPERATORS(define) define(%) define(&) define(|) define(^)
#define SM_SHIFT_OPERATORS(define) define(<<) define(>>)
#define SM_COMPARISONS(define) define(==) define(!=) define(<) define(>) define(<=) define(>=)
#define SM_LOGIC(define) define(&&) define(||)
#define SM_UNARY(define) define(+) define(-) define(~) define(!)

namespace metal {

template <class T, int N>
struct vec : sm::components<T, N> {
  using sm::components<T, N>::d;

  vec() = default;
  template <sm::Scalar S>
  constexpr vec(S s) : sm::components<T, N>{sm::native<T, N>(typename sm::stored<T>::type(T(s)))} {}
  template <class U>
    requires(!is_same_v<U, T>)
  constexpr explicit vec(const vec<U, N>& v) : vec(sm::converted<T>(v)) {}
  constexpr vec(const packed_vec<T, N>& p) : vec(sm::from_array<T, N>(p.s)) {}
  template <class U>
    requires(!is_same_v<U, T>)
  constexpr explicit vec(const packed_vec<U, N>& p) : vec(vec<U, N>(p)) {}
  // float4(x, y, z, w), float4(xy, z, w), float4(x, yzw), ...
  template <sm::Value A, sm::Value... B>
    requires(sizeof...(B) > 0 && (sm::width<A> + ... + sm::width<B>) == N)
  constexpr vec(const A& first, const B&... more) {
    T each[N];
    int count = 0;
    append(each, count, first);
    (append(each, count, more), ...);
    *this = sm::from_array<T, N>(each);
  }

  constexpr T& operator[](long i) { return reinterpret_cast<T*>(this)[i]; }
  constexpr T operator[](long i) const {
    if (__builtin_is_constant_evaluated()) return T(d[i]);
    return reinterpret_cast<const T*>(this)[i];
  }

#define SM_OPERATOR(op)                                                             \
  friend constexpr vec operator op(vec a, vec b) {                                  \
    return sm::rounded<T, N>(sm::unrounded<T, N>(a.d) op sm::unrounded<T, N>(b.d)); \
  }
  SM_NUMBER_OPERATORS(SM_OPERATOR)
#undef SM_OPERATOR
#define SM_OPERATOR(op) \
  friend constexpr vec operator op(vec a, vec b) { return sm::rounded<T, N>(a.d op b.d); }
  SM_INTEGER_OPERATORS(SM_OPERATOR)
#undef SM_OPERATOR
  // The count is taken modulo the number of bits.
#define SM_OPERATOR(op)                                                             \
  friend constexpr vec operator op(vec a, vec b) {                                  \
    return sm::rounded<T, N>(a.d op(b.d & sm::native<T, N>(T(sizeof(T) * 8 - 1)))); \
  }
  SM_SHIFT_OPERATORS(SM_OPERATOR)
#undef SM_OPERATOR
#define SM_OPERATOR(op)                                                        \
  friend constexpr vec<bool, N> operator op(vec a, vec b) {                    \
    return sm::truth<N>(sm::unrounded<T, N>(a.d) op sm::unrounded<T, N>(b.d)); \
  }
  SM_COMPARISONS(SM_OPERATOR)
#undef SM_OPERATOR

  friend constexpr vec<bool, N> operator&&(vec a, vec b) { return vec<bool, N>(a) & vec<bool, N>(b); }
  friend constexpr vec<bool, N> operator||(vec a, vec b) { return vec<bool, N>(a) | vec<bool, N>(b); }
  friend constexpr vec<bool, N> operator!(vec a) { return a == vec(0); }
  friend constexpr vec operator+(vec a) { return a; }
  friend constexpr vec operator-(vec a) {
    if constexpr (__is_same(T, bfloat))
      return sm::rounded<T, N>(-sm::unrounded<T, N>(a.d));
    else
      return sm::rounded<T, N>(-a.d);
  }
  friend constexpr vec operator~(vec a) { return sm::rounded<T, N>(~a.d); }

#define SM_OPERATOR(op)                         \
  template <class B>                            \
  constexpr vec& operator op## = (const B& b) { \
    return *this = *this op b;                  \
  }
  SM_NUMBER_OPERATORS(SM_OPERATOR)
  SM_INTEGER_OPERATORS(SM_OPERATOR)
  SM_SHIFT_OPERATORS(SM_OPERATOR)
#undef SM_OPERATOR
  constexpr vec& operator++() { return *this += T(1); }
  constexpr vec& operator--() { return *this -= T(1); }
  constexpr vec operator++(int) {
    vec old = *this;
    ++*this;
    return old;
  }
  constexpr vec operator--(int) {
    vec old = *this;
    --*this;
    return old;
  }

 private:
  template <class A>
  static constexpr void append(T (&each)[N], int& count, const A& part) {
    if constexpr (sm::is_vector<A>) {
      const auto whole = vec<T, sm::width<A>>(sm::value(part));
      each[count++] = whole[0];
      each[count++] = whole[1];
      if constexpr (sm::width<A> > 2) each[count++] = whole[2];
      if constexpr (sm::width<A> > 3) each[count++] = whole[3];
    } else {
      each[count++] = T(part);
    }
  }
};

}  // namespace metal
