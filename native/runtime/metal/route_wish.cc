#include "metal/route_wish.h"

#include <charconv>
#include <optional>

#include "generated/limits.h"

namespace fa::metal {

namespace {

bool same_direction(const MetalRouteRow& row, const Problem& problem) {
  return row.backward == (problem.direction == Direction::backward);
}

std::string route_names(const Problem& problem) {
  std::string names;
  for (const MetalRouteRow& row : metal_routes()) {
    if (same_direction(row, problem)) names += (names.empty() ? "" : ", ") + std::string(row.name);
  }
  return names;
}

std::optional<int64_t> read_splits(std::string_view text) {
  int64_t splits = 0;
  const auto [rest, error] = std::from_chars(text.begin(), text.end(), splits);
  const bool whole = error == std::errc() && rest == text.end();
  return whole && splits >= 1 && splits <= kMaxMetalSplits ? std::optional(splits) : std::nullopt;
}

}  // namespace

const MetalRouteRow& row_of(MetalRoute route) { return metal_routes()[static_cast<size_t>(route)]; }

std::variant<RouteWish, Refusal> forced_route(const Problem& problem) {
  const std::string_view name = problem.kernel;
  const size_t at = name.find('@');
  for (const MetalRouteRow& row : metal_routes()) {
    if (name.substr(0, at) != row.name || !same_direction(row, problem)) continue;
    if (at == std::string_view::npos) return RouteWish{&row, 0, "forced by name"};
    const auto splits = row.route == MetalRoute::decode ? read_splits(name.substr(at + 1)) : std::nullopt;
    if (splits) return RouteWish{&row, *splits, "forced by name"};
    return Refusal{ErrorCode::INVALID_ARGUMENT, "kernel",
                   "expected a count only behind " + std::string(row_of(MetalRoute::decode).name) +
                       "@, of 1 to " + std::to_string(kMaxMetalSplits) + " splits, got '" + problem.kernel +
                       "'"};
  }
  return Refusal{ErrorCode::UNSUPPORTED, "kernel",
                 std::string("expected a ") + to_string(problem.direction) +
                     " kernel of the metal backend (" + route_names(problem) + "), got '" + problem.kernel +
                     "'"};
}

}  // namespace fa::metal
