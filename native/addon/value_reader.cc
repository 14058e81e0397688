#include "addon/value_reader.h"

#include <cmath>

#include "error.h"

namespace fa {

namespace {

constexpr double kMaxSafeInteger = 9007199254740991.0;
constexpr size_t kLongestText = 40;

std::string quoted(const std::string& text) {
  if (text.size() <= kLongestText) return "'" + text + "'";
  return "'" + text.substr(0, kLongestText) + "...'";
}

}  // namespace

std::string value_text(Napi::Value value) {
  switch (value.Type()) {
    case napi_undefined:
      return "undefined";
    case napi_null:
      return "null";
    case napi_boolean:
      return value.As<Napi::Boolean>().Value() ? "true" : "false";
    case napi_number:
      return value.ToString().Utf8Value();
    case napi_string:
      return quoted(value.As<Napi::String>().Utf8Value());
    case napi_symbol:
      return "a symbol";
    case napi_function:
      return "a function";
    case napi_bigint:
      return "a bigint";
    default:
      break;
  }
  if (value.IsArray()) return "an array";
  if (value.IsTypedArray()) return "a typed array";
  return "an object";
}

void refuse_value(const char* argument, const std::string& expected, Napi::Value value) {
  refuse(ErrorCode::INVALID_ARGUMENT, argument, expected, value_text(value));
}

Napi::Object read_object(const char* argument, Napi::Value value, const std::string& expected) {
  // Arrays and functions are objects too, but never what is meant.
  if (value.Type() != napi_object || value.IsArray()) refuse_value(argument, expected, value);
  return value.As<Napi::Object>();
}

double read_number(const char* argument, Napi::Value value) {
  if (!value.IsNumber()) refuse_value(argument, "a number", value);
  return value.As<Napi::Number>().DoubleValue();
}

int64_t read_integer(const char* argument, Napi::Value value, const std::string& expected) {
  if (!value.IsNumber()) refuse_value(argument, expected, value);
  const double number = value.As<Napi::Number>().DoubleValue();
  if (std::trunc(number) != number || std::fabs(number) > kMaxSafeInteger)
    refuse_value(argument, expected, value);
  return static_cast<int64_t>(number);
}

std::string read_text(const char* argument, Napi::Value value, const std::string& expected) {
  if (!value.IsString()) refuse_value(argument, expected, value);
  return value.As<Napi::String>().Utf8Value();
}

std::optional<Napi::Value> optional_property(Napi::Object object, const char* name) {
  const Napi::Value value = object.Get(name);
  if (value.IsUndefined()) return std::nullopt;
  return value;
}

}  // namespace fa
