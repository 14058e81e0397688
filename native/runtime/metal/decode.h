// Attention of few query rows: keys dealt out to several threadgroups, then merged.
#pragma once
#include "metal/call_work.h"

namespace fa::metal {

/// What the forward pass writes.
struct RowResults {
  Memory out;
  std::optional<Memory> lse, stats;

  void bind_to(Dispatch& dispatch) const;
};

void add_decode(const Problem& problem, const MetalPlan& plan, const AttentionInputs& inputs,
                const RowResults& results, CallWork& made);

}  // namespace fa::metal
