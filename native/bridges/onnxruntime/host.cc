#include "host.h"

#include <cstdio>

namespace fa::ort {
namespace {

/// Version "1.30.0" carries API 30; 0 where the text is not of that form.
uint32_t api_of_version(const char* version) {
  unsigned major = 0, minor = 0;
  if (std::sscanf(version, "%u.%u", &major, &minor) != 2) return 0;
  return major == 1 ? minor : major > 1 ? kApiVersion : 0;
}

}  // namespace

const OrtApi* any_api(const OrtApiBase* base) {
  const uint32_t newest = api_of_version(base->GetVersionString());
  return newest == 0 ? nullptr : base->GetApi(newest < kApiVersion ? newest : kApiVersion);
}

Host open_host(const OrtApiBase* base) {
  const char* version = base->GetVersionString();
  // Asking an old host for a new table makes it write to stderr, so its version is looked at first.
  const OrtApi* api = api_of_version(version) < kApiVersion ? nullptr : base->GetApi(kApiVersion);
  if (api == nullptr) {
    throw Error(ErrorCode::HOST_INCOMPATIBLE, "",
                std::string("ONNX Runtime: expected 1.24 or later (C API 24), got ") + version);
  }
  return Host{api, api->GetEpApi()};
}

OrtStatus* status_of(const OrtApi* api, const Error& error) {
  const std::string text =
      std::string("FaMetalError{") + to_string(error.code()) + "|" + error.argument() + "}: " + error.what();
  return api->CreateStatus(ORT_FAIL, text.c_str());
}

OrtStatus* status_of(const OrtApi* api, ErrorCode code, const char* text) {
  const std::string message = std::string("FaMetalError{") + to_string(code) + "|}: " + text;
  return api->CreateStatus(ORT_FAIL, message.c_str());
}

}  // namespace fa::ort
