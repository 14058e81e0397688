// Attention on Apple GPUs.
#pragma once
#include <memory>

#include "backend.h"
#include "device.h"

namespace fa {

/// Why the metal backend cannot be opened here; empty when it can.
std::string metal_unavailable(const DeviceConfig& config);

/// @throws Error BACKEND_UNAVAILABLE with that reason
std::unique_ptr<Backend> open_metal_backend(const DeviceConfig& config);

}  // namespace fa
