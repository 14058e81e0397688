// The few Foundation classes that a Metal client meets.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "objc/object.h"

namespace softmetal {

struct String : Object {
  explicit String(std::string text);
  std::string text;
};

struct Error : Object {
  Error(std::string domain, int64_t code, std::string description);
  std::string domain, description;
  int64_t code;
};

struct Array : Object {
  explicit Array(std::vector<Object*> items);  // retains them
  ~Array() override;
  std::vector<Object*> items;
};

String* autoreleased_string(std::string text);
std::string_view text_of(const Object* string);  // empty for nil
// *error, if error is not null, becomes an autoreleased NSError.
void set_error(Object** error, const char* domain, int64_t code, std::string description);

}  // namespace softmetal
