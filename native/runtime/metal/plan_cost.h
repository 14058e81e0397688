// What a plan's kernels do for the very problem that is planned, and what bounds them by the model of
// cost_model.h. Not measured on Apple hardware.
#pragma once
#include "metal/metal_plan.h"

namespace fa::metal {

/// In the order in which the kernels run; empty where there is nothing to do, or too much to list: see
/// kMostListedRows. Packed sequences count as equally long, caches as full, because lengths are not known
/// when planning.
std::vector<KernelCost> plan_costs(const Problem& problem, const MetalPlan& plan,
                                   const Capabilities& capabilities);

}  // namespace fa::metal
