// The sequences of a call: one for each entry of the batch, or those that cuSeqlens packs end to end.
#pragma once
#include <vector>

#include "fa/sequence.h"
#include "problem.h"

namespace fa {

/// B of them, in order. Reads kvLengths and cuSeqlens, whose values must have been checked. Without data
/// (when only planning) a sequence has the lengths of the whole problem.
std::vector<Sequence> sequences_of(const Problem& problem, const AttentionInputs& inputs);

/// What can only be checked once lengths are known: causal against align, the positions that rope takes by
/// default, the lengths that mask and bias of packed sequences have. @throws Error
void check_sequences(const AttentionInputs& inputs, const Problem& problem);

}  // namespace fa
