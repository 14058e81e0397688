// metal_type_traits and metal_numeric.
#pragma once
#include "types.h"

namespace metal {

template <class T, T v>
struct integral_constant {
  static constexpr __constant T value = v;
  typedef T value_type;
#define SM_MEMBERS(space)                          \
  constexpr operator T() const space { return v; } \
  constexpr T operator()() const space { return v; }
  SM_EACH_SPACE(SM_MEMBERS)
#undef SM_MEMBERS
};
template <bool b>
using bool_constant = integral_constant<bool, b>;
typedef bool_constant<true> true_type;
typedef bool_constant<false> false_type;

template <class T>
struct type_identity {
  typedef T type;
};
template <class T>
using type_identity_t = T;

template <bool b, class T = void>
struct enable_if {};
template <class T>
struct enable_if<true, T> {
  typedef T type;
};
template <bool b, class T = void>
using enable_if_t = typename enable_if<b, T>::type;
template <bool b, class X, class Y>
struct conditional {
  typedef X type;
};
template <class X, class Y>
struct conditional<false, X, Y> {
  typedef Y type;
};
template <bool b, class X, class Y>
using conditional_t = typename conditional<b, X, Y>::type;

#define SM_TRANSFORM(name, builtin) \
  template <class T>                \
  struct name {                     \
    typedef builtin(T) type;        \
  };                                \
  template <class T>                \
  using name##_t = builtin(T);
SM_TRANSFORM(remove_cv, __remove_cv)
SM_TRANSFORM(remove_const, __remove_const)
SM_TRANSFORM(remove_volatile, __remove_volatile)
SM_TRANSFORM(remove_reference, __remove_reference_t)
SM_TRANSFORM(remove_pointer, __remove_pointer)
SM_TRANSFORM(make_signed, __make_signed)
SM_TRANSFORM(make_unsigned, __make_unsigned)
SM_TRANSFORM(decay, __decay)
SM_TRANSFORM(underlying_type, __underlying_type)
#undef SM_TRANSFORM
template <class T>
struct add_const {
  typedef const T type;
};
template <class T>
using add_const_t = const T;

template <class T>
struct remove_addrspace {
  typedef T type;
};
#define SM_MEMBERS(space)                  \
  template <class T>                       \
  struct remove_addrspace<space T> {       \
    typedef T type;                        \
  };                                       \
  template <class T>                       \
  struct remove_addrspace<const space T> { \
    typedef const T type;                  \
  };
SM_MEMBERS(__global)
SM_MEMBERS(__local)
SM_MEMBERS(__constant)
SM_MEMBERS(__private)
#undef SM_MEMBERS
template <class T>
using remove_addrspace_t = typename remove_addrspace<T>::type;

#define SM_QUERY(name, ...)                      \
  template <class T>                             \
  struct name : bool_constant<(__VA_ARGS__)> {}; \
  template <class T>                             \
  constexpr __constant bool name##_v = name<T>::value;
SM_QUERY(is_floating_point, __is_same(__remove_cv(T), float) || __is_same(__remove_cv(T), half) ||
                                __is_same(__remove_cv(T), bfloat))
SM_QUERY(is_integral, __is_integral(T))
SM_QUERY(is_arithmetic, __is_arithmetic(T) || is_floating_point<T>::value)
SM_QUERY(is_scalar, __is_arithmetic(T) || is_floating_point<T>::value || __is_pointer(T) || __is_enum(T))
SM_QUERY(is_signed, __is_signed(T) || is_floating_point<T>::value)
SM_QUERY(is_unsigned, __is_unsigned(T))
SM_QUERY(is_void, __is_void(T))
SM_QUERY(is_pointer, __is_pointer(T))
SM_QUERY(is_reference, __is_reference(T))
SM_QUERY(is_array, __is_array(T))
SM_QUERY(is_class, __is_class(T))
SM_QUERY(is_union, __is_union(T))
SM_QUERY(is_enum, __is_enum(T))
SM_QUERY(is_const, __is_const(T))
SM_QUERY(is_trivial, __is_trivial(T))
SM_QUERY(is_trivially_copyable, __is_trivially_copyable(T))
SM_QUERY(is_standard_layout, __is_standard_layout(T))
SM_QUERY(is_vector, sm_element<__remove_cv(T)>::width > 1)
#undef SM_QUERY

template <class A, class B>
struct is_same : bool_constant<__is_same(A, B)> {};
template <class A, class B>
constexpr __constant bool is_same_v = __is_same(A, B);
template <class A, class B>
struct is_convertible : bool_constant<__is_convertible_to(A, B)> {};
template <class A, class B>
constexpr __constant bool is_convertible_v = __is_convertible_to(A, B);
template <class A, class B>
struct is_base_of : bool_constant<__is_base_of(A, B)> {};
template <class A, class B>
constexpr __constant bool is_base_of_v = __is_base_of(A, B);
template <class T, class... A>
struct is_constructible : bool_constant<__is_constructible(T, A...)> {};
template <class T, class... A>
constexpr __constant bool is_constructible_v = __is_constructible(T, A...);

template <class... B>
struct conjunction : bool_constant<(true && ... && bool(B::value))> {};
template <class... B>
constexpr __constant bool conjunction_v = conjunction<B...>::value;
template <class... B>
struct disjunction : bool_constant<(false || ... || bool(B::value))> {};
template <class... B>
constexpr __constant bool disjunction_v = disjunction<B...>::value;
template <class B>
struct negation : bool_constant<!bool(B::value)> {};
template <class B>
constexpr __constant bool negation_v = !bool(B::value);
template <class... B>
using _disjunction = disjunction<B...>;
template <class... B>
using _conjunction = conjunction<B...>;

// Names of Apple's headers that some projects use.
template <class T>
struct vec_elements : integral_constant<uint, sm_element<T>::width> {};
template <class T>
struct __is_valid_simdgroup_type
    : bool_constant<is_arithmetic<typename sm_element<T>::type>::value &&
                    sizeof(typename sm_element<T>::type) <= 4 && !__is_same(T, bool)> {};

template <class T>
T&& declval();
template <class T>
struct make_scalar {
  typedef typename sm_element<T>::type type;
};
template <class T>
using make_scalar_t = typename sm_element<T>::type;
template <class T, int N>
using make_vector_t = vec<T, N>;
template <class... T>
using common_type_t = decltype((declval<T>() + ...));

template <class T>
struct _numeric_limits_impl {
  static constexpr __constant bool is_specialized = is_arithmetic<T>::value;
  static constexpr __constant bool is_signed = metal::is_signed<T>::value;
  static constexpr __constant bool is_integer = is_integral<T>::value;
  static constexpr __constant bool is_exact = is_integral<T>::value;
  static constexpr __constant bool has_infinity = is_floating_point<T>::value;
  static constexpr __constant bool has_quiet_NaN = is_floating_point<T>::value;
  static constexpr __constant int digits = sizeof(T) * 8;
  static constexpr __constant int digits10 = 6;
  static constexpr __constant int max_digits10 = 9;
  static constexpr __constant int radix = 2;
  static constexpr __constant int min_exponent = -125;
  static constexpr __constant int max_exponent = 128;
#define SM_LIMIT(name) \
  static constexpr T name() { return T(1); }
  SM_LIMIT(min)
  SM_LIMIT(max)
  SM_LIMIT(lowest)
  SM_LIMIT(epsilon)
  SM_LIMIT(round_error)
  SM_LIMIT(infinity)
  SM_LIMIT(quiet_NaN)
  SM_LIMIT(signaling_NaN)
  SM_LIMIT(denorm_min)
#undef SM_LIMIT
};
template <class T>
struct numeric_limits : _numeric_limits_impl<T> {};

template <class To, class From>
To as_type(From) {
  static_assert(sizeof(To) == sizeof(From), "as_type needs two types of the same size");
  return To();
}

}  // namespace metal
