// Values of the int32 tensors of a call. Their memory must have been checked before.
#pragma once
#include "problem.h"

namespace fa {

/// @throws Error for a length, sequence start, page or position that points outside what it indexes
void check_index_values(const AttentionInputs& inputs, const Problem& problem);

}  // namespace fa
