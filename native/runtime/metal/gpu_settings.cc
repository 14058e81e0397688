#include "metal/gpu_settings.h"

#include <cstdlib>

#include "error.h"

namespace fa::metal {

namespace {

constexpr double kLongestTimeoutSeconds = 86400;

std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

[[noreturn]] void refuse_variable(const char* name, const std::string& expected) {
  const OpScope scope("environment");
  refuse(ErrorCode::INVALID_ENVIRONMENT, name, expected, "'" + variable(name) + "'");
}

}  // namespace

std::string software_library_setting() { return variable(kSoftwareLibraryVariable); }

std::chrono::milliseconds timeout_setting() {
  const std::string text = variable(kTimeoutVariable);
  if (text.empty()) return kDefaultTimeout;
  char* end = nullptr;
  const double seconds = std::strtod(text.c_str(), &end);
  if (*end != 0 || !(seconds > 0) || seconds > kLongestTimeoutSeconds) {
    refuse_variable(kTimeoutVariable, "seconds, more than 0 and at most 86400");
  }
  return std::chrono::milliseconds(static_cast<int64_t>(seconds * 1000));
}

bool self_check_setting(bool software) {
  const std::string text = variable(kSelfCheckVariable);
  if (text.empty()) return !software;
  if (text != "0" && text != "1") refuse_variable(kSelfCheckVariable, "0 or 1");
  return text == "1";
}

}  // namespace fa::metal
