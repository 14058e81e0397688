#include "tensor.h"

#include <limits>

namespace fa {

namespace {

std::string list_text(const std::array<int64_t, kMaxRank>& values, int count) {
  std::string text = "[";
  for (int axis = 0; axis < count; ++axis) {
    text += (axis == 0 ? "" : ", ") + std::to_string(values[axis]);
  }
  return text + "]";
}

}  // namespace

void pack_strides(Tensor& tensor) {
  int64_t stride = 1;
  for (int axis = tensor.rank - 1; axis >= 0; --axis) {
    tensor.strides[axis] = stride;
    if (tensor.shape[axis] > 1 && __builtin_mul_overflow(stride, tensor.shape[axis], &stride)) {
      stride = std::numeric_limits<int64_t>::max();
    }
  }
}

int64_t element_size(DType dtype) {
  switch (dtype) {
    case DType::float32:
    case DType::int32:
      return 4;
    case DType::float16:
    case DType::bfloat16:
      return 2;
    case DType::int8:
    case DType::boolean:
      return 1;
  }
  return 1;
}

std::optional<int64_t> span_bytes(const Tensor& tensor) {
  int64_t last = 0;
  for (int axis = 0; axis < tensor.rank; ++axis) {
    if (tensor.shape[axis] == 0) return 0;
    int64_t step = 0;
    if (__builtin_mul_overflow(tensor.shape[axis] - 1, tensor.strides[axis], &step)) return std::nullopt;
    if (__builtin_add_overflow(last, step, &last)) return std::nullopt;
  }
  int64_t bytes = 0;
  if (__builtin_add_overflow(last, int64_t{1}, &bytes)) return std::nullopt;
  if (__builtin_mul_overflow(bytes, element_size(tensor.dtype), &bytes)) return std::nullopt;
  return bytes;
}

std::string shape_text(const Tensor& tensor) { return list_text(tensor.shape, tensor.rank); }
std::string strides_text(const Tensor& tensor) { return list_text(tensor.strides, tensor.rank); }

}  // namespace fa
