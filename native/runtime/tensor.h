// A tensor as a host hands it over: memory it owns, described, not yet trusted.
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "generated/enums.h"  // DType

namespace fa {

inline constexpr int kMaxRank = 4;

struct Tensor {
  std::byte* data = nullptr;  ///< null while only planning
  size_t bytes = 0;           ///< that may be touched from data on
  DType dtype = DType::float32;
  int rank = 0;
  std::array<int64_t, kMaxRank> shape{};
  std::array<int64_t, kMaxRank> strides{};  ///< elements; filled by pack_strides() where the host has none
};

/// Row-major strides for the tensor's shape.
void pack_strides(Tensor& tensor);

}  // namespace fa
