// Gradients of bias, slopes and sinks: dispatches beside those for q, k and v.
#pragma once
#include "backend.h"
#include "metal/call_work.h"

namespace fa::metal {

/// What the backward pass has at hand. Stages count as CallWork::dispatch does.
struct GradientParts {
  CallWork& made;
  const GradientParams& params;
  Memory d_out, row_terms;
  int after_delta;   ///< stage in which row terms are there
  int after_slopes;  ///< stage in which slope terms are there
};

/// Everything that recomputes P and dP takes this.
void bind_recomputing(const GradientParts& parts, Dispatch& dispatch);

/// @param slope_terms those that dq writes; only where the gradient of the slopes is asked for
void add_option_gradients(const Problem& problem, const MetalPlan& plan, const BackwardCall& call,
                          std::optional<Memory> slope_terms, const GradientParts& parts);

}  // namespace fa::metal
