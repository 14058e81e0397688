// Small attention calls with data of their own, for comparing two backends.
#pragma once
#include <vector>

#include "backend.h"
#include "metal/sample_options.h"

namespace fa::metal {

/// A causal problem with the dtype, the widths, the heads per key head and the options of the other (bias is
/// float32), and few rows of it: a whole forward and backward call.
class SampleCall {
 public:
  explicit SampleCall(const Problem& like);

  /// Runs the direction on a backend, by a kernel of that name (empty = any). @throws Error
  void run(Backend& backend, Direction direction, const std::string& kernel);

  /// out and lse, or dq, dk, dv and the gradients of options.
  std::vector<std::vector<float>> results(Direction direction) const;

  /// The backward call needs the forward's results.
  void take_forward_from(const SampleCall& other);

 private:
  AttentionInputs inputs() const;
  BackwardCall backward_call(const AttentionOptions& options) const;

  const uint32_t gradients_;
  const SampleSizes sizes_;
  SampleOptions options_;
  SampleTensor q_, k_, v_, out_, lse_, d_out_, dq_, dk_, dv_;
};

}  // namespace fa::metal
