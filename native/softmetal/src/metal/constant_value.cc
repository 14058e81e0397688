// Values of MTLDataType as C++ literals.
#include <cmath>
#include <cstdio>
#include <cstring>

#include "metal/function_constants.h"

namespace softmetal {
namespace {

// The scalar types that a function constant may have; vectors of 2, 3 and 4 follow at the next numbers.
struct Scalar {
  uint64_t number;  // MTLDataType
  const char* name;
  size_t size;
  std::string (*literal)(const char* bytes);
};

template <class T>
T load(const char* bytes) {
  T value;
  std::memcpy(&value, bytes, sizeof value);
  return value;
}

std::string float_literal(float value) {
  if (std::isnan(value)) return "__builtin_nanf(\"\")";
  if (std::isinf(value)) return value < 0 ? "-__builtin_inff()" : "__builtin_inff()";
  char text[32];
  std::snprintf(text, sizeof text, "%af", static_cast<double>(value));
  return text;
}

float half_value(uint16_t bits) {
  int exponent = bits >> 10 & 31;
  float fraction = bits & 1023;
  float value = exponent == 0    ? std::ldexp(fraction, -24)
                : exponent == 31 ? (fraction ? NAN : INFINITY)
                                 : std::ldexp(fraction + 1024, exponent - 25);
  return bits & 0x8000 ? -value : value;
}

float bfloat_value(uint16_t bits) {
  uint32_t wide = static_cast<uint32_t>(bits) << 16;
  return load<float>(reinterpret_cast<const char*>(&wide));
}

// The least value has no literal of its own: - belongs to the expression, not to the number.
template <class T>
std::string integer_literal(T value, const char* suffix) {
  if (value < 0) return "(" + std::to_string(value + 1) + suffix + " - 1)";
  return std::to_string(value) + suffix;
}

template <class T>
std::string named(const char* name, const char* bytes) {
  return std::string(name) + "(" + integer_literal<long>(load<T>(bytes), "") + ")";
}

const Scalar kScalars[] = {
    {3, "float", 4, [](const char* b) { return float_literal(load<float>(b)); }},
    {16, "half", 2,
     [](const char* b) { return "half(" + float_literal(half_value(load<uint16_t>(b))) + ")"; }},
    {29, "int", 4, [](const char* b) { return integer_literal(load<int32_t>(b), ""); }},
    {33, "uint", 4, [](const char* b) { return integer_literal(load<uint32_t>(b), "u"); }},
    {37, "short", 2, [](const char* b) { return named<int16_t>("short", b); }},
    {41, "ushort", 2, [](const char* b) { return named<uint16_t>("ushort", b); }},
    {45, "char", 1, [](const char* b) { return named<int8_t>("char", b); }},
    {49, "uchar", 1, [](const char* b) { return named<uint8_t>("uchar", b); }},
    {53, "bool", 1, [](const char* b) -> std::string { return *b ? "true" : "false"; }},
    {81, "long", 8, [](const char* b) { return integer_literal(load<int64_t>(b), "l"); }},
    {85, "ulong", 8, [](const char* b) { return integer_literal(load<uint64_t>(b), "ul"); }},
    {121, "bfloat", 2,
     [](const char* b) { return "bfloat(" + float_literal(bfloat_value(load<uint16_t>(b))) + ")"; }},
};

// Null when it is none of them; `width` is 1 to 4.
const Scalar* find_scalar(uint64_t data_type, int& width) {
  for (const Scalar& scalar : kScalars) {
    if (data_type < scalar.number || data_type > scalar.number + 3) continue;
    width = static_cast<int>(data_type - scalar.number) + 1;
    return &scalar;
  }
  return nullptr;
}

// Other spellings of the same types.
std::string plain_name(std::string type) {
  static const std::map<std::string, std::string> same = {
      {"int32_t", "int"},         {"uint32_t", "uint"},       {"unsigned", "uint"},
      {"unsigned int", "uint"},   {"int16_t", "short"},       {"uint16_t", "ushort"},
      {"int8_t", "char"},         {"uint8_t", "uchar"},       {"int64_t", "long"},
      {"uint64_t", "ulong"},      {"size_t", "ulong"},        {"unsigned short", "ushort"},
      {"unsigned long", "ulong"}, {"unsigned char", "uchar"},
  };
  for (const char* prefix : {"const ", "metal::", "::"}) {
    if (type.rfind(prefix, 0) == 0) type = type.substr(std::strlen(prefix));
  }
  auto found = same.find(type);
  return found == same.end() ? type : found->second;
}

}  // namespace

// Vectors of three take the room of four.
size_t constant_size(uint64_t data_type) {
  int width = 0;
  const Scalar* scalar = find_scalar(data_type, width);
  return scalar ? scalar->size * (width == 3 ? 4 : width) : 0;
}

uint64_t data_type_named(const std::string& type) {
  std::string name = plain_name(type);
  int width = 1;
  if (!name.empty() && name.back() >= '2' && name.back() <= '4') {
    width = name.back() - '0';
    name.pop_back();
  }
  for (const Scalar& scalar : kScalars) {
    if (name == scalar.name) return scalar.number + width - 1;
  }
  return 0;
}

ConstantValue constant_value(const void* bytes, uint64_t data_type) {
  int width = 0;
  const Scalar* scalar = find_scalar(data_type, width);
  if (!scalar || !bytes) return {};
  auto* at = static_cast<const char*>(bytes);
  if (width == 1) return {scalar->name, scalar->literal(at)};
  std::string type = scalar->name + std::to_string(width), literal = type + "(";
  for (int i = 0; i < width; ++i) literal += (i ? ", " : "") + scalar->literal(at + i * scalar->size);
  return {type, literal + ")"};
}

}  // namespace softmetal
