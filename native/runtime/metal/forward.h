// The forward call as work for the GPU.
#pragma once
#include "metal/gpu.h"
#include "metal/metal_plan.h"

namespace fa::metal {

Work forward_work(const Problem& problem, const MetalPlan& plan, const Capabilities& capabilities,
                  const ForwardCall& call);

}  // namespace fa::metal
