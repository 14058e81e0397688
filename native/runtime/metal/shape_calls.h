// Calls without memory, for making a problem's pipelines ahead of time.
#pragma once
#include "problem.h"

namespace fa::metal {

/// Everything that the public interface asks for: lse and softmaxStats, no dLse.
ForwardCall forward_shapes(const Problem& problem);
BackwardCall backward_shapes(const Problem& problem);

}  // namespace fa::metal
