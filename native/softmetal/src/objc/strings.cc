// NSString: UTF-8 inside, lengths and characters in UTF-16 units as Foundation counts them.
#include <cstring>
#include <functional>

#include "objc/builtin.h"
#include "objc/foundation.h"

namespace softmetal {

bool is_valid_utf8(std::string_view text) {
  auto next = [&](size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0u; };
  for (size_t i = 0; i < text.size();) {
    unsigned first = next(i);
    size_t length = first < 0x80   ? 1
                    : first < 0xc2 ? 0
                    : first < 0xe0 ? 2
                    : first < 0xf0 ? 3
                    : first < 0xf5 ? 4
                                   : 0;
    if (!length) return false;
    for (size_t k = 1; k < length; k++) {
      if ((next(i + k) & 0xc0) != 0x80) return false;
    }
    unsigned second = next(i + 1);  // no overlong forms, surrogates or numbers past U+10FFFF
    if ((first == 0xe0 && second < 0xa0) || (first == 0xed && second > 0x9f) ||
        (first == 0xf0 && second < 0x90) || (first == 0xf4 && second > 0x8f)) {
      return false;
    }
    i += length;
  }
  return true;
}

String::String(std::string text) : Object(class_named(kClassName)), text(std::move(text)) {}

bool String::is_equal(const Object* other) const {
  auto* string = dynamic_cast<const String*>(other);
  return string && string->text == text;
}
size_t String::hash() const { return std::hash<std::string>()(text); }

String* autoreleased_string(std::string text) {
  return static_cast<String*>(autorelease(new String(std::move(text))));
}

std::string_view text_of(const Object* string) {
  if (!string) return {};
  auto* text = is_object(string) ? dynamic_cast<const String*>(string) : nullptr;
  if (text) return text->text;
  report_wrong_class(string, String::kClassName, "a method");
  return {};
}

namespace {

enum Encoding : unsigned long { kAscii = 1, kUtf8 = 4 };

bool can_decode(std::string_view text, unsigned long encoding) {
  if (encoding == kUtf8) return is_valid_utf8(text);
  if (encoding != kAscii) {
    report_object("NSString: encoding " + std::to_string(encoding) +
                  " is not modelled: ASCII (1) and UTF-8 (4) are");
    return false;
  }
  for (char letter : text) {
    if (static_cast<unsigned char>(letter) > 127) return false;
  }
  return true;
}

// An init method that fails lets its receiver go and answers nil.
Object* initialize(String* self, const char* bytes, unsigned long length, unsigned long encoding) {
  if (!bytes || !can_decode({bytes, length}, encoding)) {
    release(self);
    return nullptr;
  }
  self->text.assign(bytes, length);
  return self;
}

unsigned long utf16_length(const std::string& text) {
  unsigned long units = 0;
  for (char letter : text) {
    unsigned byte = static_cast<unsigned char>(letter);
    units += (byte & 0xc0) == 0x80 ? 0 : byte >= 0xf0 ? 2 : 1;
  }
  return units;
}

void add_constructors() {
  allocate_with<String>("NSString");
  add_class_method(
      "NSString", "string", +[](Class*, Selector) -> Object* { return autoreleased_string(""); });
  add_class_method(
      "NSString", "stringWithUTF8String:", +[](Class*, Selector, const char* text) -> Object* {
        return text ? autorelease(initialize(new String, text, std::strlen(text), kUtf8)) : nullptr;
      });
  add_class_method(
      "NSString", "stringWithCString:encoding:",
      +[](Class*, Selector, const char* text, unsigned long encoding) -> Object* {
        return text ? autorelease(initialize(new String, text, std::strlen(text), encoding)) : nullptr;
      });
  add_class_method(
      "NSString", "stringWithString:", +[](Class*, Selector, Object* other) -> Object* {
        return autoreleased_string(std::string(text_of(other)));
      });
  add_method(
      "NSString", "initWithUTF8String:", +[](String* self, Selector, const char* text) -> Object* {
        return initialize(self, text, text ? std::strlen(text) : 0, kUtf8);
      });
  add_method(
      "NSString", "initWithCString:encoding:",
      +[](String* self, Selector, const char* text, unsigned long encoding) -> Object* {
        return initialize(self, text, text ? std::strlen(text) : 0, encoding);
      });
  add_method(
      "NSString", "initWithBytes:length:encoding:",
      +[](String* self, Selector, const void* bytes, unsigned long length, unsigned long encoding)
          -> Object* { return initialize(self, static_cast<const char*>(bytes), length, encoding); });
}

void add_accessors() {
  add_method(
      "NSString", "UTF8String", +[](String* self, Selector) -> const char* { return self->text.c_str(); });
  add_method(
      "NSString",
      "cStringUsingEncoding:", +[](String* self, Selector, unsigned long encoding) -> const char* {
        return can_decode(self->text, encoding) ? self->text.c_str() : nullptr;
      });
  add_method("NSString", "length", +[](String* self, Selector) { return utf16_length(self->text); });
  add_method(
      "NSString", "lengthOfBytesUsingEncoding:", +[](String* self, Selector, unsigned long encoding) {
        return can_decode(self->text, encoding) ? static_cast<unsigned long>(self->text.size()) : 0ul;
      });
  add_method(
      "NSString", "isEqualToString:", +[](String* self, Selector, Object* other) {
        return other && self->is_equal(other);
      });
  add_method(
      "NSString", "hasPrefix:", +[](String* self, Selector, Object* prefix) {
        return self->text.starts_with(text_of(prefix));
      });
  add_method(
      "NSString", "hasSuffix:", +[](String* self, Selector, Object* suffix) {
        return self->text.ends_with(text_of(suffix));
      });
  add_method(
      "NSString", "containsString:", +[](String* self, Selector, Object* part) {
        return self->text.find(text_of(part)) != std::string::npos;
      });
  add_method(
      "NSString", "stringByAppendingString:", +[](String* self, Selector, Object* more) -> Object* {
        return autoreleased_string(self->text + std::string(text_of(more)));
      });
}

}  // namespace

void add_string_methods() {
  add_constructors();
  add_accessors();
}

}  // namespace softmetal
