#include "metal/gpu_errors.h"

namespace fa::metal {

namespace {

constexpr NSUInteger kStatusError = 5;  // MTLCommandBufferStatusError

/// MTLCommandBufferError. What is not here is a fault of ours: a page fault, an invalid resource, a stack
/// overflow.
ErrorCode code_of(NSInteger error) {
  switch (error) {
    case 2:  // Timeout
      return ErrorCode::TIMEOUT;
    case 4:   // AccessRevoked: the process caused too many faults
    case 11:  // DeviceRemoved
      return ErrorCode::DEVICE_LOST;
    case 8:   // OutOfMemory
    case 10:  // Memoryless
      return ErrorCode::OUT_OF_MEMORY;
    default:
      return ErrorCode::INTERNAL;
  }
}

}  // namespace

std::optional<GpuFailure> failure_of(const Objc& objc, Id command_buffer) {
  const Id error = objc.send<Id>(command_buffer, "error");
  const bool failed = objc.send<NSUInteger>(command_buffer, "status") == kStatusError;
  if (error == nullptr && !failed) return std::nullopt;
  if (error == nullptr) return GpuFailure{ErrorCode::INTERNAL, "a failure without an error"};
  return GpuFailure{code_of(objc.send<NSInteger>(error, "code")),
                    objc.error_text(error, "an error without a description")};
}

void raise_gpu(ErrorCode code, const std::string& expected, const std::string& got) {
  refuse(code, "device", expected, got);
}

}  // namespace fa::metal
