// The ONNX Runtime that onnxruntime-node has loaded into this process, with our provider registered in it.
#pragma once
#include <string>

#include "bridges/onnxruntime/host.h"

namespace fa::ort {

struct AttachedHost {
  Host host;
  std::string version;  ///< of ONNX Runtime
  std::string library;  ///< path of its loaded library
  OrtEnv* env = nullptr;
  const OrtEpDevice* device = nullptr;  ///< ours
};

/// Finds the loaded library, inside `folder` if one lies there, else the only one; registers our provider
/// once per library. The result lives as long as the process: ONNX Runtime must not be called from static
/// destructors, so nothing of it is ever released.
/// @throws Error HOST_INCOMPATIBLE
const AttachedHost& attach_host(const std::string& folder);

/// What a status means to a caller: the refusal that a kernel of ours put into it, else `code` and `argument`
/// with ONNX Runtime's own words. Releases the status.
Error error_of(const OrtApi* api, OrtStatus* status, ErrorCode code, const char* argument);

}  // namespace fa::ort
