// The device of hosts that call us without passing through JavaScript (TensorFlow, ONNX Runtime), chosen by
// FA_METAL_*.
#pragma once
#include <array>
#include <memory>
#include <span>

#include "device.h"

namespace fa {

/// Backend, device and threads from FA_METAL_BACKEND, FA_METAL_DEVICE and FA_METAL_THREADS.
/// @throws Error INVALID_ENVIRONMENT naming the variable and its value
DeviceConfig config_from_environment();

/// Opened at the first call and kept for the life of the process; a failure is not kept.
/// @throws Error as config_from_environment() and Device::open()
Device& process_device();

/// Whether FA_METAL_THREADS gives the number of threads, so that no host's may take the place of ours.
bool process_threads_chosen();

/// Shapes of what a call writes, for hosts that have to make room before they can call. Refuses as the call
/// would, but for its memory.
/// @throws Error
OutputShapes checked_output_shapes(const AttentionInputs& inputs, const AttentionOptions& options,
                                   Direction direction);

/// A shape of OutputShapes as hosts have it: without the axis of batches, which packed sequences do not have.
template <size_t kRank>
std::span<const int64_t> host_shape(const std::array<int64_t, kRank>& shape, const AttentionInputs& inputs) {
  return std::span<const int64_t>(shape).subspan(inputs.cu_seqlens_q ? 1 : 0);
}

}  // namespace fa
