// Objective-C type encodings of C++ function types, so that every method's arguments are known.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>

namespace softmetal {

class Object;
class Class;
struct SelectorName;
struct BlockLiteral;

// Structures by value: specialize with `static constexpr const char* text = "{?=QQQ}";`.
template <class T>
struct StructEncoding;

template <class T>
concept EncodedStruct = requires { StructEncoding<std::remove_cv_t<T>>::text; };

template <class T>
constexpr bool is_object_type() {
  if constexpr (std::is_class_v<T> && !std::is_same_v<T, SelectorName> && !EncodedStruct<T>) {
    return std::is_base_of_v<Object, T>;
  }
  return false;
}

template <class T>
std::string type_encoding();

template <class Pointee>
std::string pointer_encoding() {
  using Plain = std::remove_cv_t<Pointee>;
  const std::string constant = std::is_const_v<Pointee> ? "r" : "";
  if constexpr (std::is_function_v<Pointee>) {
    return "^?";
  } else if constexpr (std::is_same_v<Plain, char>) {
    return constant + "*";
  } else if constexpr (std::is_same_v<Plain, Class>) {
    return "#";
  } else if constexpr (std::is_same_v<Plain, SelectorName>) {
    return ":";
  } else if constexpr (std::is_same_v<Plain, BlockLiteral>) {
    return "@?";
  } else if constexpr (std::is_void_v<Pointee>) {
    return constant + "^v";
  } else if constexpr (is_object_type<Plain>()) {
    return "@";
  } else {
    return constant + "^" + type_encoding<Plain>();
  }
}

template <class T>
constexpr char scalar_encoding() {
  if constexpr (std::is_same_v<T, bool>) return 'B';
  if constexpr (std::is_same_v<T, float>) return 'f';
  if constexpr (std::is_same_v<T, double>) return 'd';
  if constexpr (std::is_same_v<T, long double>) return 'D';
  if constexpr (std::is_integral_v<T>) return (std::is_signed_v<T> ? "?cs?i???q" : "?CS?I???Q")[sizeof(T)];
  return '?';
}

template <class T>
std::string type_encoding() {
  if constexpr (std::is_void_v<T>) {
    return "v";
  } else if constexpr (std::is_enum_v<T>) {
    return type_encoding<std::underlying_type_t<T>>();
  } else if constexpr (std::is_pointer_v<T>) {
    return pointer_encoding<std::remove_pointer_t<T>>();
  } else if constexpr (EncodedStruct<T>) {
    return StructEncoding<T>::text;
  } else {
    static_assert(scalar_encoding<T>() != '?', "this type has no encoding: specialize StructEncoding");
    return std::string(1, scalar_encoding<T>());
  }
}

// As the compiler writes it: small integers count as int.
template <class T>
constexpr size_t encoded_size() {
  if constexpr (std::is_void_v<T>)
    return 0;
  else
    return sizeof(T) < 4 ? 4 : sizeof(T);
}

// "v24@0:8@16": result, size of all arguments, then each argument and its offset.
template <class R, class... Arguments>
std::string method_encoding() {
  size_t offset = 2 * sizeof(void*);
  std::string types =
      type_encoding<R>() + std::to_string(offset + (0 + ... + encoded_size<Arguments>())) + "@0:8";
  ((types += type_encoding<Arguments>() + std::to_string(offset), offset += encoded_size<Arguments>()), ...);
  return types;
}

// The type that `text` begins with.
struct EncodedType {
  size_t length = 0;  // of its text, without the offset; 0 when it is not a type
  size_t size = 0, alignment = 1;
  char kind = 0;  // the letter; '^' for every pointer, object and block
};
EncodedType encoded_type(const char* text);

// Arguments of a method or block beyond self and _cmd (`hidden` of them); -1 when `types` cannot be read.
int encoded_arguments(const char* types, int hidden);
// The same shape: what one means, a caller of the other can call.
bool same_signature(const char* one, const char* other);

}  // namespace softmetal
