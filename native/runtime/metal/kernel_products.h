// How many products of fragments a kernel computes, by its tiling alone.
#pragma once
#include <vector>

#include "fa/sequence.h"
#include "metal/metal_plan.h"

namespace fa::metal {

/// Of all dispatches of a kernel.
struct KernelProducts {
  double products = 0;  ///< 8x8x8 multiply-adds of a simdgroup
  double pairs = 0;     ///< of query and key that go through the kernel's tiles, hidden ones too
  /// Elements that threadgroups stage beyond what simdgroups that all had work would have them stage.
  double more_staged = 0;
};

/// Counts of one call.
class ProductCounter {
 public:
  ProductCounter(const Problem& problem, std::vector<Sequence> sequences);

  /// Of no products for kernels that sum or copy. @param threadgroups of all dispatches
  KernelProducts of(const MetalVariant& variant, double threadgroups) const;

  /// Part of the keys that are in blocks of which some row sees a key.
  double seen_keys(int block) const;
  /// Part of all pairs of a query and a key of its sequence that are visible by position.
  double seen_pairs() const;

 private:
  /// Sequences of the same sizes.
  struct Kind {
    Sequence sequence;
    double count;
  };

  double pairs_of(const MetalVariant& variant, int rows) const;
  template <typename Count>
  double sum(Count count) const;

  const Problem& problem_;
  std::vector<Kind> kinds_;
};

}  // namespace fa::metal
