// The arguments that an op's inputs can be. The op takes tensors in any number, and an attribute says which
// is which.
#pragma once
#include <optional>
#include <string_view>

#include "runtime/call.h"

namespace fa::tensorflow {

/// Every tensor of a forward or backward call.
struct CallTensors {
  AttentionInputs inputs;
  Tensor out, lse, d_out;
  std::optional<Tensor> d_lse, softmax_stats;
  /// int32 [2]: low and high word of a number that may change every call.
  std::optional<Tensor> causal_offset, align_offset, dropout_seed;
};

struct Slot {
  const char* name;  ///< public
  Tensor& (*place)(CallTensors&);
};

/// Null when there is no such argument.
const Slot* find_slot(std::string_view name);

/// An option whose gradient can be asked for.
struct GradientSlot {
  const char* name;  ///< public
  std::optional<Tensor> AttentionInputs::* input;
  std::optional<Tensor> BackwardCall::* gradient;
};

/// Null when there is no such option.
const GradientSlot* find_gradient(std::string_view name);

/// Moves the numbers that came as tensors into the options. @throws Error INVALID_ARGUMENT
void read_scalars(const CallTensors& tensors, AttentionOptions& options);

}  // namespace fa::tensorflow
