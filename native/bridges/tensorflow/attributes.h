// The ops' text attributes. TensorFlow builds a kernel, and keeps it for good, for every new combination
// of attributes; so only what stays the same from call to call is an attribute. Numbers that change are
// tensors.
#pragma once
#include <string_view>
#include <vector>

#include "tensor_slots.h"

namespace fa::tensorflow {

/// Reads "layout=blhd;scale=0.125;causal=topLeft;window=7,-1": public names, numbers as JavaScript prints
/// them.
/// @throws Error INVALID_ARGUMENT
AttentionOptions parse_options(std::string_view text);

/// Reads "q,k,v,mask": which argument each input of the op is. @throws Error INVALID_ARGUMENT
std::vector<Slot> parse_slots(std::string_view text);

/// Reads "bias,sinks": what the outputs are that follow dq, dk, dv. @throws Error INVALID_ARGUMENT
std::vector<GradientSlot> parse_gradients(std::string_view text);

}  // namespace fa::tensorflow
