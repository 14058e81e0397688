// Which GPU, and what it can do.
#pragma once
#include "device.h"
#include "metal/gpu.h"
#include "metal/objc.h"

namespace fa::metal {

/// An MTLDevice.
struct GpuDevice {
  const Objc& objc;
  Owned device;
  Capabilities capabilities;
};

/// @throws Error BACKEND_UNAVAILABLE
GpuDevice open_gpu_device(const DeviceConfig& config);

/// The newest version of the shading language that our kernels use and the system knows, as an
/// MTLLanguageVersion.
NSUInteger language_version(const Capabilities& capabilities);

}  // namespace fa::metal
