// Small attention calls with data of their own, for comparing two backends.
#pragma once
#include <optional>
#include <vector>

#include "backend.h"

namespace fa::metal {

/// A tensor with its memory, row-major.
class SampleTensor {
 public:
  SampleTensor(DType dtype, std::vector<int64_t> shape);

  /// Multiples of 1/8 in [-1, 1], which every dtype holds exactly.
  void fill(uint32_t seed);
  /// Of a mask: two pairs of three are visible.
  void fill_mask();
  /// Elements as float; float16, bfloat16 and float32 only.
  std::vector<float> values() const;

  const Tensor& tensor() const { return tensor_; }

 private:
  size_t elements() const;

  std::vector<uint32_t> storage_;
  Tensor tensor_;
};

/// A causal problem with the dtype, the widths, the heads per key head and, where the other has them, mask
/// and bias (float32), and few rows of it: a whole forward and backward call.
class SampleCall {
 public:
  explicit SampleCall(const Problem& like);

  /// Runs the direction on a backend, by a kernel of that name (empty = any). @throws Error
  void run(Backend& backend, Direction direction, const std::string& kernel);

  /// out and lse, or dq, dk and dv.
  std::vector<std::vector<float>> results(Direction direction) const;

  /// The backward call needs the forward's results.
  void take_forward_from(const SampleCall& other);

 private:
  AttentionInputs inputs() const;

  SampleTensor q_, k_, v_, out_, lse_, d_out_, dq_, dk_, dv_;
  std::optional<SampleTensor> mask_, bias_;
};

}  // namespace fa::metal
