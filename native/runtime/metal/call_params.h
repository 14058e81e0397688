// The scalars of a call, as the kernels take them.
#pragma once
#include "fa/params.h"
#include "problem.h"

namespace fa::metal {

/// Everything but strides of tensors and first_task.
AttentionParams params_of(const Problem& problem);

}  // namespace fa::metal
