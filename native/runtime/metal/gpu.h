// A Metal device and what a process keeps for it: queue, pipelines, pooled memory. Safe to use from several
// threads at once.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "device.h"
#include "metal/kernel_text.h"
#include "metal/work.h"

namespace fa::metal {

/// What planning may count on.
struct Capabilities {
  std::string name;  ///< "Apple M1"
  int family = 7;    ///< MTLGPUFamilyApple...
  bool software = false;
  bool bfloat = false;  ///< MSL 3.1, macOS 14
  int64_t threadgroup_bytes = 32768;
  int64_t max_buffer_bytes = 0;
  int64_t working_set_bytes = 0;
};

class Gpu {
 public:
  virtual ~Gpu() = default;
  virtual const Capabilities& capabilities() const = 0;

  /// Runs the work and waits for it; output tensors hold the results afterwards.
  /// @throws Error COMPILE_FAILED, OUT_OF_MEMORY, DEVICE_LOST, TIMEOUT, INTERNAL with the GPU's own message;
  /// then no output was written, except that one in pages of its own (device.alloc) may hold part of a
  /// result.
  virtual void run(const Work& work) = 0;

  /// Makes the work's pipelines, and runs nothing.
  virtual void warm_up(const Work& work) = 0;
};

/// The MSL of a variant.
using KernelText = std::string (*)(const MetalVariant&);

/// @throws Error BACKEND_UNAVAILABLE, INVALID_ENVIRONMENT
std::unique_ptr<Gpu> open_gpu(const DeviceConfig& config, KernelText text = kernel_text);

/// The message that open_gpu() would throw; empty when it would not.
std::string gpu_unavailable(const DeviceConfig& config);

}  // namespace fa::metal
