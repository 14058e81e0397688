// The dropout of a call as kernels take it.
#pragma once
#include <cmath>

#include "call.h"
#include "fa/philox.h"

namespace fa {

inline DropoutParams dropout_params(const Dropout& dropout) {
  constexpr double kWords = 4294967296.0;
  return {static_cast<UInt32>(dropout.seed), static_cast<UInt32>(dropout.seed >> 32),
          static_cast<UInt32>(std::floor(dropout.rate * kWords)), static_cast<float>(1 / (1 - dropout.rate))};
}

}  // namespace fa
