#include "metal/decode.h"

namespace fa::metal {

void RowResults::bind_to(Dispatch& dispatch) const {
  CallWork::bind(dispatch, binding::kOut, out);
  CallWork::bind(dispatch, binding::kLse, lse);
  CallWork::bind(dispatch, binding::kStats, stats);
  dispatch.constants.writes_lse = lse.has_value();
  dispatch.constants.writes_stats = stats.has_value();
}

void add_decode(const Problem& problem, const MetalPlan& plan, const RowResults& results, CallWork& made) {
  const SplitParams splits{static_cast<int>(plan.splits.count), static_cast<int>(plan.splits.keys)};
  Dispatch& decode = made.dispatch(*plan.variants.front(), all_heads(problem), 0);
  made.bind_scores(decode);
  made.bind(decode, binding::kV, made.v);
  made.pass(decode, binding::kSplitParams, splits);
  if (plan.splits.count == 1) {
    results.bind_to(decode);
    return;
  }
  const Memory partial_out = made.scratch(plan.scratch.partial_out);
  const Memory partial_stats = made.scratch(plan.scratch.partial_stats);
  decode.constants.splits_keys = true;
  made.bind(decode, binding::kPartialOut, partial_out);
  made.bind(decode, binding::kPartialStats, partial_stats);
  Dispatch& reduce = made.dispatch(*plan.variants.back(), all_heads(problem), 1);
  made.bind(reduce, binding::kPartialOut, partial_out);
  made.bind(reduce, binding::kPartialStats, partial_stats);
  made.pass(reduce, binding::kSplitParams, splits);
  results.bind_to(reduce);
}

}  // namespace fa::metal
