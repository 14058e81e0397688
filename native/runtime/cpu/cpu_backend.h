// Attention on the processor's SIMD units.
#pragma once
#include <memory>

#include "backend.h"
#include "device.h"

namespace fa {

/// @throws Error for an instruction set or a thread count that cannot be had
std::unique_ptr<Backend> open_cpu_backend(const DeviceConfig& config);

}  // namespace fa
