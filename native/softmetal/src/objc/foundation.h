// The few Foundation classes that a Metal client meets.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "objc/object.h"

namespace softmetal {

struct String : Object {
  static constexpr const char* kClassName = "NSString";
  explicit String(std::string text = "");
  std::string description() const override { return text; }
  bool is_equal(const Object* other) const override;
  size_t hash() const override;
  std::string text;  // valid UTF-8
};

struct Dictionary : Object {
  static constexpr const char* kClassName = "NSDictionary";
  explicit Dictionary(std::vector<std::pair<Object*, Object*>> items = {});  // key, value; retains them
  ~Dictionary() override;
  std::string description() const override;
  bool is_equal(const Object* other) const override;
  Object* find(const Object* key) const;
  void set(Object* key, Object* value);  // a null value takes the key away
  std::vector<std::pair<Object*, Object*>> items;
};

struct Error : Object {
  static constexpr const char* kClassName = "NSError";
  Error(std::string domain, int64_t code, std::string description);
  ~Error() override;
  std::string description() const override;
  std::string domain, text;
  int64_t code;
  std::string failure_reason;       // empty = nil
  Dictionary* user_info = nullptr;  // of a host's own error; else made from the above when asked for
};

struct Array : Object {
  static constexpr const char* kClassName = "NSArray";
  explicit Array(std::vector<Object*> items = {});  // retains them
  ~Array() override;
  std::string description() const override;
  bool is_equal(const Object* other) const override;
  std::vector<Object*> items;
};

struct Number : Object {
  static constexpr const char* kClassName = "NSNumber";
  enum class Kind { kBool, kInteger, kUnsigned, kFloating };
  explicit Number(Kind kind = Kind::kInteger, int64_t integer = 0, double floating = 0);
  std::string text() const;
  std::string description() const override { return text(); }
  bool is_equal(const Object* other) const override;
  size_t hash() const override;
  Kind kind;
  int64_t integer;  // the bits of an unsigned one
  double floating;
};

struct Url : Object {
  static constexpr const char* kClassName = "NSURL";
  explicit Url(std::string path = "");
  std::string description() const override { return "file://" + path; }
  std::string path;
};

struct Data : Object {
  static constexpr const char* kClassName = "NSData";
  explicit Data(std::vector<char> bytes = {});
  std::vector<char> bytes;  // aligned for any type, as clients count on; a short string is not everywhere
};

String* autoreleased_string(std::string text);
std::string_view text_of(const Object* string);  // empty for nil
bool is_valid_utf8(std::string_view text);
// *error, if error is not null, becomes an autoreleased NSError.
void set_error(Object** error, const char* domain, int64_t code, std::string description);

// A constant NSString that clients link: SOFTMETAL_CONSTANT(NSCocoaErrorDomain, "NSCocoaErrorDomain") at
// global scope.
struct PublishedConstant {
  PublishedConstant(const char* symbol, Object** place, const char* text);
};

}  // namespace softmetal

#define SOFTMETAL_CONSTANT(symbol, text)                                       \
  extern "C" __attribute__((visibility("default"))) softmetal::Object* symbol; \
  softmetal::Object* symbol = nullptr;                                         \
  static const softmetal::PublishedConstant published_##symbol(#symbol, &symbol, text)
