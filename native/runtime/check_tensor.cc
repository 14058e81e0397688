#include "check_tensor.h"

#include <algorithm>

namespace fa {

namespace {

std::string axes_text(std::initializer_list<Axis> axes, bool letters) {
  std::string text = "[";
  const char* separator = "";
  for (const Axis& axis : axes) {
    text += separator;
    separator = ", ";
    const bool known = axis.size != kAnySize;
    if (axis.broadcasts && !(known && !letters && axis.size == 1)) text += "1|";
    text += letters || !known ? axis.letter : std::to_string(axis.size);
  }
  return text + "]";
}

bool fits(const Tensor& tensor, std::initializer_list<Axis> axes) {
  if (tensor.rank != static_cast<int>(axes.size())) return false;
  int index = 0;
  for (const Axis& axis : axes) {
    const int64_t size = tensor.shape[index++];
    const bool exact = axis.size == kAnySize || size == axis.size;
    if (!exact && !(axis.broadcasts && size == 1)) return false;
  }
  return true;
}

}  // namespace

void expect_dtype(const char* argument, const Tensor& tensor, std::initializer_list<DType> allowed) {
  if (std::find(allowed.begin(), allowed.end(), tensor.dtype) != allowed.end()) return;
  std::string expected = "dtype ";
  const char* separator = "";
  for (const DType dtype : allowed) {
    expected += std::string(separator) + to_string(dtype);
    separator = " or ";
  }
  refuse(ErrorCode::DTYPE_MISMATCH, argument, expected, to_string(tensor.dtype));
}

void expect_shape(const char* argument, const Tensor& tensor, std::initializer_list<Axis> axes) {
  if (fits(tensor, axes)) return;
  const std::string letters = axes_text(axes, true);
  const std::string sizes = axes_text(axes, false);
  refuse(ErrorCode::SHAPE_MISMATCH, argument, "shape " + letters + (sizes == letters ? "" : " = " + sizes),
         shape_text(tensor));
}

void check_extent(const char* argument, const Tensor& tensor) {
  if (tensor.rank < 0 || tensor.rank > kMaxRank) {
    refuse(ErrorCode::SHAPE_MISMATCH, argument, "a rank of at most " + std::to_string(kMaxRank),
           "rank " + std::to_string(tensor.rank));
  }
  for (int axis = 0; axis < tensor.rank; ++axis) {
    if (tensor.shape[axis] < 0) {
      refuse(ErrorCode::INVALID_ARGUMENT, argument, "sizes of 0 or more", "shape " + shape_text(tensor));
    }
    if (tensor.strides[axis] < 0) {
      refuse(ErrorCode::INVALID_ARGUMENT, argument, "strides of 0 or more",
             "strides " + strides_text(tensor));
    }
  }
  if (tensor.rank > 0 && tensor.shape[tensor.rank - 1] > 1 && tensor.strides[tensor.rank - 1] != 1) {
    refuse(ErrorCode::INVALID_ARGUMENT, argument, "an innermost stride of 1",
           "strides " + strides_text(tensor));
  }
  if (!span_bytes(tensor)) {
    refuse(ErrorCode::SIZE_OVERFLOW, argument, "a byte count below 2^63",
           "shape " + shape_text(tensor) + " with strides " + strides_text(tensor));
  }
}

void expect_packed(const char* argument, const Tensor& tensor) {
  Tensor packed = tensor;
  pack_strides(packed);
  for (int axis = 0; axis < tensor.rank; ++axis) {
    if (tensor.shape[axis] == 0) return;
    if (tensor.shape[axis] > 1 && tensor.strides[axis] != packed.strides[axis]) {
      refuse(ErrorCode::INVALID_ARGUMENT, argument, "row-major strides " + strides_text(packed),
             strides_text(tensor));
    }
  }
}

void expect_distinct_elements(const char* argument, const Tensor& tensor) {
  // Axes beyond the rank go last.
  std::array<int, kMaxRank> order{0, 1, 2, 3};
  std::sort(order.begin(), order.end(), [&](int a, int b) {
    if (a >= tensor.rank || b >= tensor.rank) return a < b;
    return tensor.strides[a] < tensor.strides[b];
  });
  // From the innermost axis outwards, each stride has to step over everything inside it.
  int64_t reach = 0;
  for (int index = 0; index < tensor.rank; ++index) {
    const int axis = order[index];
    if (tensor.shape[axis] == 0) return;
    if (tensor.shape[axis] == 1) continue;
    if (tensor.strides[axis] <= reach) {
      refuse(ErrorCode::INVALID_ARGUMENT, argument, "strides that give every element its own place",
             "shape " + shape_text(tensor) + " with strides " + strides_text(tensor));
    }
    reach += (tensor.shape[axis] - 1) * tensor.strides[axis];
  }
}

}  // namespace fa
