// Which route to plan: the one that was forced by name, or those to try in turn.
#pragma once
#include <string>
#include <variant>

#include "backend.h"
#include "generated/metal_variants.h"

namespace fa::metal {

struct RouteWish {
  const MetalRouteRow* route = nullptr;
  int64_t splits = 0;  ///< of decode; 0 = choose
  std::string why;
};

const MetalRouteRow& row_of(MetalRoute route);

/// Reads problem.kernel: a route's name, for decode also with a count of splits: "metal-decode@8".
std::variant<RouteWish, Refusal> forced_route(const Problem& problem);

}  // namespace fa::metal
