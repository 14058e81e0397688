// Tensors with data of their own, for comparing two backends.
#pragma once
#include <vector>

#include "tensor.h"

namespace fa::metal {

/// A tensor with its memory, row-major.
class SampleTensor {
 public:
  SampleTensor(DType dtype, std::vector<int64_t> shape);

  /// Multiples of 1/8 in [-1, 1], which every dtype holds exactly; in int8 the multipliers.
  void fill(uint32_t seed);
  /// Of a mask: two pairs of three are visible.
  void fill_mask();
  /// Of int32: indices, lengths.
  void set(const std::vector<int32_t>& values);
  /// Elements as float; float16, bfloat16 and float32 only.
  std::vector<float> values() const;

  const Tensor& tensor() const { return tensor_; }

 private:
  size_t elements() const;

  std::vector<uint32_t> storage_;
  Tensor tensor_;
};

}  // namespace fa::metal
