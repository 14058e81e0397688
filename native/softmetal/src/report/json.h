// The little of JSON that the device writes.
#pragma once

#include <string>
#include <string_view>

namespace softmetal {

// `text` in quotes, escaped. Bytes that are no UTF-8 become U+FFFD, so that any reader takes the result.
std::string json_string(std::string_view text);

// "name": value, for members of an object; the value is JSON already.
std::string json_member(std::string_view name, std::string_view value);

}  // namespace softmetal
