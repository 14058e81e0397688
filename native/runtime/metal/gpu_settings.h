// Environment variables of the metal backend alone. Read natively, since TensorFlow's and ONNX Runtime's
// processes have no JavaScript; packages/core/README.md lists them.
#pragma once
#include <chrono>
#include <string>

namespace fa::metal {

inline constexpr const char* kSoftwareLibraryVariable = "FA_METAL_SOFTWARE_LIBRARY";
inline constexpr const char* kTimeoutVariable = "FA_METAL_TIMEOUT";
inline constexpr const char* kSelfCheckVariable = "FA_METAL_SELF_CHECK";

/// Path of the software device's library; empty = look for it.
std::string software_library_setting();

/// How long the host waits for one command buffer; default kDefaultTimeout.
/// @throws Error INVALID_ENVIRONMENT
std::chrono::milliseconds timeout_setting();

/// Whether each kernel is checked at its first use; default: on real GPUs only.
/// @throws Error INVALID_ENVIRONMENT
bool self_check_setting(bool software);

/// A real GPU's command buffers take below a second by design (kMultiplyAddsPerCommandBuffer), and its own
/// watchdog ends them after some more. This is for a driver that answers nothing at all, and above the 60
/// seconds after which the software device gives up by itself.
inline constexpr std::chrono::seconds kDefaultTimeout{120};

}  // namespace fa::metal
