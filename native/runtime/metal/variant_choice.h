// Which rows of the kernels' table serve a problem.
#pragma once
#include <vector>

#include "generated/metal_variants.h"
#include "problem.h"

namespace fa::metal {

/// The variants of a route's kernels in the route's order, a kernel of two passes twice. All have the
/// smallest width that holds D and Dv, each is of the newest family that the device has. Empty where D or Dv
/// is too large for the route.
std::vector<const MetalVariant*> choose_variants(const MetalRouteRow& route, const Problem& problem,
                                                 int family);

/// Kernels that the problem's options need beside those of a route, whose variants are as wide as `like`.
std::vector<const MetalVariant*> choose_helpers(const Problem& problem, const MetalRouteRow& route,
                                                const MetalVariant& like, int family);

/// Largest D that the route has.
int widest(const MetalRouteRow& route, DType dtype);
/// Largest Dv that the route has.
int widest_values(const MetalRouteRow& route, DType dtype);

}  // namespace fa::metal
