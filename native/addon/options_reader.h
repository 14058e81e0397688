// The options of a call, as JavaScript states them.
#pragma once
#include <napi.h>

#include "addon/tensor_reader.h"
#include "call.h"

namespace fa {

/// Reads tensors into `inputs`, everything else into `options`. `views` is null when only planning.
/// @throws Error INVALID_ARGUMENT for a value of the wrong kind, and for an option that does not exist
void read_options(Napi::Value value, AttentionInputs& inputs, AttentionOptions& options, BufferViews* views);

}  // namespace fa
