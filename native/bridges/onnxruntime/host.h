// What every part of the bridge needs from the ONNX Runtime that loaded us: its function tables, and errors
// both ways.
#pragma once
#if !__has_include(<onnxruntime_c_api.h>)
#error \
    "ONNX Runtime's C headers are not on the include path: run `npm run setup`, which puts them into the cache"
#endif
#include <onnxruntime_c_api.h>

#include <new>
#include <string>

#include "error.h"

namespace fa::ort {

/// The C API that we use. A host with an older one is refused; a newer host serves it unchanged.
inline constexpr uint32_t kApiVersion = 24;
static_assert(ORT_API_VERSION >= kApiVersion, "the ONNX Runtime headers are older than API 24");

/// As sessions and kernel definitions name us.
inline constexpr const char* kProviderName = "FaMetalExecutionProvider";

/// Domain of ONNX Runtime's own operators.
inline constexpr const char* kMicrosoftDomain = "com.microsoft";

/// Function tables of one loaded ONNX Runtime; they live as long as its library.
struct Host {
  const OrtApi* api = nullptr;
  const OrtEpApi* ep = nullptr;
};

/// @throws Error HOST_INCOMPATIBLE naming the version that came and those that serve
Host open_host(const OrtApiBase* base);

/// Oldest table with CreateStatus, for telling a host that is too old so; null where not even that can be
/// had.
const OrtApi* any_api(const OrtApiBase* base);

/// A status of ONNX Runtime on its way back to it.
struct HostFailure {
  OrtStatus* status;
};

/// @throws HostFailure when status is set
inline void check(OrtStatus* status) {
  if (status != nullptr) throw HostFailure{status};
}

/// Message "FaMetalError{CODE|argument}: text", which the TypeScript side turns back into a FaMetalError.
OrtStatus* status_of(const OrtApi* api, const Error& error);
OrtStatus* status_of(const OrtApi* api, ErrorCode code, const char* text);

/// Runs body and turns whatever it throws into a status: nothing else may cross into ONNX Runtime.
template <typename Body>
OrtStatus* guarded(const OrtApi* api, Body&& body) noexcept {
  try {
    body();
    return nullptr;
  } catch (const HostFailure& failure) {
    return failure.status;
  } catch (const Error& error) {
    return status_of(api, error);
  } catch (const std::bad_alloc&) {
    return status_of(api, ErrorCode::OUT_OF_MEMORY, "memory could not be had");
  } catch (const std::exception& error) {
    return status_of(api, ErrorCode::INTERNAL, error.what());
  } catch (...) {
    return status_of(api, ErrorCode::INTERNAL, "an exception of unknown type");
  }
}

}  // namespace fa::ort
