#include "padding_bias.h"

#include "error.h"

namespace fa::ort {
namespace {

using Shape = std::array<int64_t, kMaxRank>;

/// Elements from one entry of an axis to the next; 0 where one serves for all.
Shape broadcast_strides(const Shape& own) {
  Shape strides{};
  int64_t stride = 1;
  for (int axis = kMaxRank - 1; axis >= 0; --axis) {
    strides[axis] = own[axis] == 1 ? 0 : stride;
    stride *= own[axis];
  }
  return strides;
}

Shape mask_shape(const Tensor& mask) {
  if (mask.dtype != DType::int32) refuse(ErrorCode::DTYPE_MISMATCH, "mask", "int32", to_string(mask.dtype));
  if (mask.rank == 2) return {mask.shape[0], 1, 1, mask.shape[1]};
  if (mask.rank == 3) return {mask.shape[0], 1, mask.shape[1], mask.shape[2]};
  refuse(ErrorCode::SHAPE_MISMATCH, "mask", "[B, Lk] or [B, Lq, Lk]", shape_text(mask));
}

Shape common_shape(const Shape& mask, const Tensor& bias) {
  if (bias.dtype != DType::float32) {
    refuse(ErrorCode::DTYPE_MISMATCH, "bias", "float32 beside a key_padding_mask", to_string(bias.dtype));
  }
  Shape shape{};
  for (int axis = 0; axis < kMaxRank; ++axis) {
    const int64_t a = mask[axis], b = bias.rank == kMaxRank ? bias.shape[axis] : -1;
    if (b < 0 || (a != b && a != 1 && b != 1)) {
      refuse(ErrorCode::SHAPE_MISMATCH, "bias", "a shape that fits the key_padding_mask", shape_text(bias));
    }
    shape[axis] = a == 1 ? b : a;
  }
  return shape;
}

}  // namespace

Tensor padding_bias(const Tensor& mask, const std::optional<Tensor>& bias, float filter_value,
                    std::vector<float>& sum) {
  const Shape own = mask_shape(mask);
  const Shape shape = bias ? common_shape(own, *bias) : own;
  Tensor result = packed_tensor(shape, DType::float32);
  sum.resize(static_cast<size_t>(shape[0] * shape[1] * shape[2] * shape[3]));
  const Shape of_mask = broadcast_strides(own);
  const Shape of_bias = bias ? broadcast_strides(bias->shape) : Shape{};
  const auto* keep = reinterpret_cast<const int32_t*>(mask.data);
  const auto* added = bias ? reinterpret_cast<const float*>(bias->data) : nullptr;
  size_t index = 0;
  for (int64_t b = 0; b < shape[0]; ++b) {
    for (int64_t h = 0; h < shape[1]; ++h) {
      for (int64_t i = 0; i < shape[2]; ++i) {
        for (int64_t j = 0; j < shape[3]; ++j) {
          const auto at = [&](const Shape& strides) {
            return b * strides[0] + h * strides[1] + i * strides[2] + j * strides[3];
          };
          const float padding = keep[at(of_mask)] > 0 ? 0.0F : filter_value;
          sum[index++] = added ? padding + added[at(of_bias)] : padding;
        }
      }
    }
  }
  result.data = reinterpret_cast<std::byte*>(sum.data());
  result.bytes = sum.size() * sizeof(float);
  return result;
}

}  // namespace fa::ort
