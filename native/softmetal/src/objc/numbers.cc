// NSNumber.
#include <cstdio>
#include <cstdlib>
#include <functional>

#include "objc/builtin.h"
#include "objc/foundation.h"

namespace softmetal {

Number::Number(Kind kind, int64_t integer, double floating)
    : Object(class_named(kClassName)), kind(kind), integer(integer), floating(floating) {}

std::string Number::text() const {
  if (kind == Kind::kUnsigned) return std::to_string(static_cast<uint64_t>(integer));
  if (kind != Kind::kFloating) return std::to_string(integer);
  char text[40];
  std::snprintf(text, sizeof text, "%.17g", floating);
  for (int digits = 1; digits < 17; digits++) {  // the shortest that means the same number
    char shorter[40];
    std::snprintf(shorter, sizeof shorter, "%.*g", digits, floating);
    if (std::strtod(shorter, nullptr) == floating) return shorter;
  }
  return text;
}
bool Number::is_equal(const Object* other) const {
  auto* number = dynamic_cast<const Number*>(other);
  if (!number) return false;
  if (kind == Kind::kFloating || number->kind == Kind::kFloating) return floating == number->floating;
  // The same bits mean the same number, unless they are a large unsigned one here and a negative one there.
  bool same_sign = (kind == Kind::kUnsigned) == (number->kind == Kind::kUnsigned) || integer >= 0;
  return integer == number->integer && same_sign;
}
size_t Number::hash() const { return std::hash<double>()(floating); }

namespace {

template <class T>
Number* number_of(T value) {
  Number::Kind kind = std::is_same_v<T, bool>       ? Number::Kind::kBool
                      : std::is_floating_point_v<T> ? Number::Kind::kFloating
                      : std::is_unsigned_v<T>       ? Number::Kind::kUnsigned
                                                    : Number::Kind::kInteger;
  int64_t integer = 0;
  if constexpr (std::is_floating_point_v<T>) {
    bool fits = value >= -9.2e18 && value <= 9.2e18;
    integer = fits ? static_cast<int64_t>(value) : 0;
  } else {
    integer = static_cast<int64_t>(value);
  }
  return new Number(kind, integer, static_cast<double>(value));
}

template <class T>
void add_type(const char* constructor, const char* initializer, const char* accessor) {
  add_class_method(
      "NSNumber", constructor,
      +[](Class*, Selector, T value) -> Object* { return autorelease(number_of(value)); });
  add_method(
      "NSNumber", initializer, +[](Number* self, Selector, T value) -> Object* {
        release(self);
        return number_of(value);
      });
  add_method(
      "NSNumber", accessor, +[](Number* self, Selector) -> T {
        if constexpr (std::is_same_v<T, bool>)
          return self->integer != 0 || self->floating != 0;
        else if constexpr (std::is_floating_point_v<T>)
          return static_cast<T>(self->floating);
        else
          return static_cast<T>(self->integer);
      });
}

}  // namespace

void add_number_methods() {
  allocate_with<Number>("NSNumber");
  add_type<bool>("numberWithBool:", "initWithBool:", "boolValue");
  add_type<signed char>("numberWithChar:", "initWithChar:", "charValue");
  add_type<unsigned char>("numberWithUnsignedChar:", "initWithUnsignedChar:", "unsignedCharValue");
  add_type<short>("numberWithShort:", "initWithShort:", "shortValue");
  add_type<unsigned short>("numberWithUnsignedShort:", "initWithUnsignedShort:", "unsignedShortValue");
  add_type<int>("numberWithInt:", "initWithInt:", "intValue");
  add_type<unsigned>("numberWithUnsignedInt:", "initWithUnsignedInt:", "unsignedIntValue");
  add_type<long>("numberWithLong:", "initWithLong:", "longValue");
  add_type<unsigned long>("numberWithUnsignedLong:", "initWithUnsignedLong:", "unsignedLongValue");
  add_type<long long>("numberWithLongLong:", "initWithLongLong:", "longLongValue");
  add_type<unsigned long long>(
      "numberWithUnsignedLongLong:", "initWithUnsignedLongLong:", "unsignedLongLongValue");
  add_type<long>("numberWithInteger:", "initWithInteger:", "integerValue");
  add_type<unsigned long>("numberWithUnsignedInteger:", "initWithUnsignedInteger:", "unsignedIntegerValue");
  add_type<float>("numberWithFloat:", "initWithFloat:", "floatValue");
  add_type<double>("numberWithDouble:", "initWithDouble:", "doubleValue");
  add_method(
      "NSNumber", "stringValue",
      +[](Number* self, Selector) -> Object* { return autoreleased_string(self->text()); });
  add_method(
      "NSNumber", "isEqualToNumber:", +[](Number* self, Selector, Object* other) {
        return other && self->is_equal(other);
      });
}

}  // namespace softmetal
