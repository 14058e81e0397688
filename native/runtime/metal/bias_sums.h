// How the gradient of bias is cut up, by shape alone.
#pragma once
#include "generated/metal_variants.h"
#include "problem.h"

namespace fa::metal {

/// A tile of dBias is summed over `steps`: the batches, query heads and blocks of query rows that bias is
/// broadcast along. Where tiles are few and steps many, steps are dealt out to `parts`, which dBiasSum adds.
struct BiasSums {
  int64_t tasks = 0;     ///< threadgroups of all parts
  int64_t elements = 0;  ///< of dBias
  int64_t steps = 0;
  int64_t parts = 1;

  int64_t steps_per_part() const;
  /// Bytes of the parts.
  int64_t scratch() const;
};

/// @param queries Lq, or that of the longest sequence; @param limit of scratch, in bytes
BiasSums bias_sums(const Problem& problem, const MetalVariant& d_bias, int64_t queries, int64_t limit);

}  // namespace fa::metal
