// Choice of Metal kernels. Pure: the same problem and capabilities always give the same plan.
#pragma once
#include <string>
#include <variant>
#include <vector>

#include "metal/bias_sums.h"
#include "metal/plan_sizes.h"

namespace fa::metal {

struct MetalPlan {
  const MetalRouteRow* route = nullptr;
  std::string kernel;                         ///< as users force it
  std::vector<const MetalVariant*> variants;  ///< in the route's order, a kernel of two passes twice
  std::vector<const MetalVariant*> helpers;   ///< what options need beside them
  KeySplits splits;
  int64_t heads_at_once = 0;  ///< query heads that one pass goes through: all, unless dS is kept
  MetalScratch scratch;
  BiasSums bias;  ///< where the gradient of bias is asked for; an upper bound where sequences are packed
  std::string why;

  /// dS goes through scratch.
  bool keeps_scores() const {
    return route->route == MetalRoute::backward_stored || route->route == MetalRoute::backward_short;
  }

  /// Null where no option needs the kernel.
  const MetalVariant* helper(MetalKernel kernel) const;
};

std::variant<MetalPlan, Refusal> plan_metal(const Problem& problem, const Capabilities& capabilities);

/// For users.
Plan printed(const MetalPlan& plan, const Problem& problem);

}  // namespace fa::metal
