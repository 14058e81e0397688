// A tensor as a host hands it over: memory it owns, described, not yet trusted.
#pragma once
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

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

/// Row-major strides for the tensor's shape. Sizes must be non-negative; a product that overflows saturates.
void pack_strides(Tensor& tensor);

/// Row-major and without data, for planning.
template <size_t kRank>
Tensor packed_tensor(const std::array<int64_t, kRank>& shape, DType dtype) {
  Tensor tensor;
  tensor.dtype = dtype;
  tensor.rank = kRank;
  std::copy(shape.begin(), shape.end(), tensor.shape.begin());
  pack_strides(tensor);
  return tensor;
}

/// Bytes of one element.
int64_t element_size(DType dtype);

/// Bytes from the first element to the end of the last one, gaps included; 0 when an axis is empty.
/// Empty when the count overflows int64. Sizes and strides must be non-negative.
std::optional<int64_t> span_bytes(const Tensor& tensor);

/// "[1, 2, 3]".
std::string shape_text(const Tensor& tensor);
std::string strides_text(const Tensor& tensor);

}  // namespace fa
