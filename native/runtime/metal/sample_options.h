// The options of a problem, with data of their own, for a small call like it.
#pragma once
#include <optional>
#include <vector>

#include "metal/sample_tensor.h"
#include "problem.h"

namespace fa::metal {

/// Options that a kernel is compiled with or without.
uint32_t compiled_features(const Problem& problem);

/// Of a small call: one batch entry or, packed, two sequences; one kv head.
struct SampleSizes {
  int64_t heads, rows, keys;
};

/// Every option that the other problem has, and the gradients that it asks for.
class SampleOptions {
 public:
  SampleOptions(const Problem& like, const SampleSizes& sizes);

  /// Of k or v: in pages, in int8, packed, or none of that.
  static SampleTensor key_rows(const Problem& like, const SampleSizes& sizes, bool scaled, int64_t width);

  void add_to(AttentionInputs& inputs) const;
  void add_to(AttentionOptions& options) const;
  void add_gradients(BackwardCall& call) const;
  void append_gradients(std::vector<std::vector<float>>& results) const;

 private:
  using Maybe = std::optional<SampleTensor>;

  void make_score_options(const SampleSizes& sizes);
  void make_lengths(const SampleSizes& sizes);
  void make_storage(const SampleSizes& sizes);

  const Problem& like_;
  Maybe mask_, bias_, slopes_, sinks_, d_bias_, d_slopes_, d_sinks_;
  Maybe kv_lengths_, cu_seqlens_q_, cu_seqlens_k_, block_table_;
  Maybe cosines_, sines_, k_scale_, v_scale_;
};

}  // namespace fa::metal
