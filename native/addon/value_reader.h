// JavaScript values as C++ values. A value of the wrong kind is refused with INVALID_ARGUMENT and the
// argument's name.
#pragma once
#include <napi.h>

#include <cstdint>
#include <optional>
#include <string>

namespace fa {

/// A value in words, for messages: "'text'", "1.5", "an array".
std::string value_text(Napi::Value value);

[[noreturn]] void refuse_value(const char* argument, const std::string& expected, Napi::Value value);

Napi::Object read_object(const char* argument, Napi::Value value, const std::string& expected);
double read_number(const char* argument, Napi::Value value);
/// An integer that a double holds exactly.
int64_t read_integer(const char* argument, Napi::Value value, const std::string& expected);
std::string read_text(const char* argument, Napi::Value value, const std::string& expected);

/// A property that may be left out; only `undefined` counts as left out.
std::optional<Napi::Value> optional_property(Napi::Object object, const char* name);

/// One word of a closed set: `parse` is a parse_*() of generated/enums.h, `names` its list for messages.
template <typename Parse>
auto read_word(const char* argument, Napi::Value value, Parse parse, const char* names) {
  const auto word = value.IsString() ? parse(value.As<Napi::String>().Utf8Value()) : decltype(parse("")){};
  if (!word) refuse_value(argument, names, value);
  return *word;
}

}  // namespace fa
