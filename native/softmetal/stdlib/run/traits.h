// metal_type_traits: what the compiler knows of types, under MSL's names.
#pragma once
#include "types.h"

namespace metal {

template <class T, T v>
struct integral_constant {
  static constexpr T value = v;
  typedef T value_type;
  typedef integral_constant type;
  constexpr operator T() const { return v; }
  constexpr T operator()() const { return v; }
};
template <bool b>
using bool_constant = integral_constant<bool, b>;
typedef bool_constant<true> true_type;
typedef bool_constant<false> false_type;

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

// Transformations: name<T>::type and name_t<T>.
#define SM_TRANSFORM(name, ...) \
  template <class T>            \
  struct name {                 \
    typedef __VA_ARGS__ type;   \
  };                            \
  template <class T>            \
  using name##_t = __VA_ARGS__;
SM_TRANSFORM(remove_const, __remove_const(T))
SM_TRANSFORM(remove_volatile, __remove_volatile(T))
SM_TRANSFORM(remove_cv, __remove_cv(T))
SM_TRANSFORM(remove_reference, __remove_reference_t(T))
SM_TRANSFORM(remove_cvref, __remove_cvref(T))
SM_TRANSFORM(remove_pointer, __remove_pointer(T))
SM_TRANSFORM(remove_extent, __remove_extent(T))
SM_TRANSFORM(remove_all_extents, __remove_all_extents(T))
SM_TRANSFORM(remove_addrspace, T)
SM_TRANSFORM(add_const, const T)
SM_TRANSFORM(add_volatile, volatile T)
SM_TRANSFORM(add_cv, const volatile T)
SM_TRANSFORM(add_pointer, __add_pointer(T))
SM_TRANSFORM(add_lvalue_reference, __add_lvalue_reference(T))
SM_TRANSFORM(add_rvalue_reference, __add_rvalue_reference(T))
SM_TRANSFORM(decay, __decay(T))
SM_TRANSFORM(make_signed, __make_signed(T))
SM_TRANSFORM(make_unsigned, __make_unsigned(T))
SM_TRANSFORM(underlying_type, __underlying_type(T))
SM_TRANSFORM(type_identity, T)
#undef SM_TRANSFORM

// Questions: name<T>::value and name_v<T>.
#define SM_QUESTION(name, ...)                   \
  template <class T>                             \
  struct name : bool_constant<(__VA_ARGS__)> {}; \
  template <class T>                             \
  inline constexpr bool name##_v = (__VA_ARGS__);
SM_QUESTION(is_void, __is_void(T))
SM_QUESTION(is_integral, __is_integral(T))
SM_QUESTION(is_floating_point,
            __is_floating_point(T) || __is_same(__remove_cv(T), half) || __is_same(__remove_cv(T), bfloat))
SM_QUESTION(is_arithmetic, is_integral_v<T> || is_floating_point_v<T>)
SM_QUESTION(is_array, __is_array(T))
SM_QUESTION(is_pointer, __is_pointer(T))
SM_QUESTION(is_lvalue_reference, __is_lvalue_reference(T))
SM_QUESTION(is_rvalue_reference, __is_rvalue_reference(T))
SM_QUESTION(is_reference, __is_reference(T))
SM_QUESTION(is_enum, __is_enum(T))
SM_QUESTION(is_union, __is_union(T))
SM_QUESTION(is_class, __is_class(T))
SM_QUESTION(is_function, __is_function(T))
SM_QUESTION(is_fundamental, is_arithmetic_v<T> || is_void_v<T>)
SM_QUESTION(is_scalar, is_arithmetic_v<T> || __is_enum(T) || __is_pointer(T))
SM_QUESTION(is_object, __is_object(T))
SM_QUESTION(is_compound, !is_fundamental_v<T>)
SM_QUESTION(is_const, __is_const(T))
SM_QUESTION(is_volatile, __is_volatile(T))
SM_QUESTION(is_trivial, __is_trivial(T))
SM_QUESTION(is_trivially_copyable, __is_trivially_copyable(T))
SM_QUESTION(is_standard_layout, __is_standard_layout(T))
SM_QUESTION(is_pod, __is_pod(T))
SM_QUESTION(is_literal_type, __is_literal_type(T))
SM_QUESTION(is_polymorphic, __is_polymorphic(T))
SM_QUESTION(is_abstract, __is_abstract(T))
SM_QUESTION(is_final, __is_final(T))
SM_QUESTION(is_aggregate, __is_aggregate(T))
SM_QUESTION(is_signed, __is_signed(T) || (is_floating_point_v<T> && !__is_floating_point(T)))
SM_QUESTION(is_unsigned, __is_unsigned(T))
SM_QUESTION(is_default_constructible, __is_constructible(T))
SM_QUESTION(is_copy_constructible, __is_constructible(T, const T&))
SM_QUESTION(is_move_constructible, __is_constructible(T, T&&))
SM_QUESTION(is_copy_assignable, __is_assignable(T&, const T&))
SM_QUESTION(is_move_assignable, __is_assignable(T&, T&&))
#undef SM_QUESTION

#define SM_RELATION(name, trait)               \
  template <class A, class B>                  \
  struct name : bool_constant<trait(A, B)> {}; \
  template <class A, class B>                  \
  inline constexpr bool name##_v = trait(A, B);
SM_RELATION(is_same, __is_same)
SM_RELATION(is_base_of, __is_base_of)
SM_RELATION(is_convertible, __is_convertible_to)
SM_RELATION(is_assignable, __is_assignable)
#undef SM_RELATION

template <class T, class... A>
struct is_constructible : bool_constant<__is_constructible(T, A...)> {};
template <class T, class... A>
inline constexpr bool is_constructible_v = __is_constructible(T, A...);

template <class T>
struct alignment_of : integral_constant<size_t, alignof(T)> {};
template <class T>
inline constexpr size_t alignment_of_v = alignof(T);
template <class T>
struct rank : integral_constant<size_t, __array_rank(T)> {};
template <class T>
inline constexpr size_t rank_v = __array_rank(T);
template <class T, uint i = 0>
struct extent : integral_constant<size_t, __array_extent(T, i)> {};
template <class T, uint i = 0>
inline constexpr size_t extent_v = __array_extent(T, i);

template <class... B>
inline constexpr bool conjunction_v = (bool(B::value) && ...);
template <class... B>
struct conjunction : bool_constant<conjunction_v<B...>> {};
template <class... B>
inline constexpr bool disjunction_v = (bool(B::value) || ...);
template <class... B>
struct disjunction : bool_constant<disjunction_v<B...>> {};
// The names in Apple's headers, which some projects use.
template <class... B>
using _conjunction = conjunction<B...>;
template <class... B>
using _disjunction = disjunction<B...>;
template <class B>
struct negation : bool_constant<!bool(B::value)> {};
template <class B>
inline constexpr bool negation_v = !bool(B::value);

template <class T>
add_rvalue_reference_t<T> declval() noexcept;
template <class T>
constexpr T&& forward(remove_reference_t<T>& value) {
  return static_cast<T&&>(value);
}
template <class T>
constexpr remove_reference_t<T>&& move(T&& value) {
  return static_cast<remove_reference_t<T>&&>(value);
}

template <class... T>
struct common_type;
template <class T>
struct common_type<T> {
  typedef __decay(T) type;
};
template <class A, class B>
struct common_type<A, B> {
  typedef __decay(decltype(true ? declval<A>() : declval<B>())) type;
};
template <class A, class B, class C, class... More>
struct common_type<A, B, C, More...> : common_type<typename common_type<A, B>::type, C, More...> {};
template <class... T>
using common_type_t = typename common_type<T...>::type;

template <class F, class... A>
struct invoke_result {
  typedef decltype(declval<F>()(declval<A>()...)) type;
};
template <class F, class... A>
using invoke_result_t = typename invoke_result<F, A...>::type;

}  // namespace metal
