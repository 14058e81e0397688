#include "metal/metal_backend.h"

#include "error.h"

namespace fa {

std::string metal_unavailable(const DeviceConfig& config) {
  if (config.device == DeviceChoice::software) {
    return "'software', but this build has no software Metal device";
  }
#if defined(__APPLE__)
  return "'metal', but this build has no Metal kernels";
#else
  return "'metal', but this system has no Metal; it exists on macOS only";
#endif
}

std::unique_ptr<Backend> open_metal_backend(const DeviceConfig& config) {
  const bool software = config.device == DeviceChoice::software;
  refuse(ErrorCode::BACKEND_UNAVAILABLE, software ? "device" : "backend", "one that runs here, backend 'cpu'",
         metal_unavailable(config));
}

}  // namespace fa
