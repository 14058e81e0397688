// What went wrong on a GPU, as errors with codes. The GPU's own words are kept.
#pragma once
#include <optional>
#include <string>

#include "error.h"
#include "metal/objc.h"

namespace fa::metal {

struct GpuFailure {
  ErrorCode code;
  std::string message;  ///< the GPU's
};

/// Why a completed command buffer failed; empty when it did not.
std::optional<GpuFailure> failure_of(const Objc& objc, Id command_buffer);

/// Throws "[op] device: expected ..., got ...".
[[noreturn]] void raise_gpu(ErrorCode code, const std::string& expected, const std::string& got);

}  // namespace fa::metal
