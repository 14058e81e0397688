// Which options a backend has: refusals that all backends word alike.
#pragma once
#include <optional>

#include "backend.h"

namespace fa {

struct BackendFeatures {
  const char* backend;
  uint32_t forward;    ///< bits of Feature
  uint32_t backward;   ///< bits of Feature
  uint32_t gradients;  ///< bits of Feature
};

/// For the first option, or gradient of an option, that the problem asks for and the backend lacks.
std::optional<Refusal> missing_feature(const Problem& problem, const BackendFeatures& features);

}  // namespace fa
