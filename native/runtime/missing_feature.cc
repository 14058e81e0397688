#include "missing_feature.h"

#include <bit>
#include <string>

namespace fa {

namespace {

/// The lowest bit of `wanted` that `has` lacks.
std::optional<Feature> first_missing(uint32_t wanted, uint32_t has) {
  const uint32_t missing = wanted & ~has;
  if (missing == 0) return std::nullopt;
  return static_cast<Feature>(std::countr_zero(missing));
}

std::string supported_list(uint32_t bits) {
  std::string text;
  for (int bit = 0; bit < kFeatureCount; ++bit) {
    if ((bits >> bit & 1u) == 0) continue;
    text += (text.empty() ? "" : ", ") + std::string(to_string(static_cast<Feature>(bit)));
  }
  return text.empty() ? "none" : text;
}

}  // namespace

std::optional<Refusal> missing_feature(const Problem& problem, const BackendFeatures& features) {
  const std::string backend = std::string("the ") + features.backend + " backend";
  const uint32_t options = problem.direction == Direction::backward ? features.backward : features.forward;
  if (const auto missing = first_missing(problem.features, options)) {
    return Refusal{ErrorCode::UNSUPPORTED, to_string(*missing),
                   "expected an option that " + backend + " has in its " + to_string(problem.direction) +
                       " (" + supported_list(options) + "), got " + to_string(*missing)};
  }
  if (const auto missing = first_missing(problem.gradients, features.gradients)) {
    return Refusal{ErrorCode::UNSUPPORTED_GRADIENT, to_string(*missing),
                   "expected gradients that " + backend + " computes (q, k, v; of the options: " +
                       supported_list(features.gradients) + "), got the gradient of " + to_string(*missing)};
  }
  return std::nullopt;
}

}  // namespace fa
