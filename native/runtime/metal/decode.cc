#include "metal/decode.h"

#include <algorithm>

#include "metal/saturating.h"

namespace fa::metal {

namespace {

/// Where sequences have lengths of their own, a split has its share of the longest that is there, not of the
/// longest that could be.
int keys_per_split(const Problem& problem, const MetalPlan& plan, const CallWork& made) {
  if (!problem.ragged()) return static_cast<int>(plan.splits.keys);
  const int block = plan.variants.front()->block;
  int most = 1;
  for (const Sequence& sequence : made.sequences) {
    const BlockRange seen = visible_blocks(sequence.band, 0, std::max(sequence.queries, 1), block);
    most = std::max(most, seen.end - seen.begin);
  }
  return static_cast<int>(ceil_divide(most, plan.splits.count)) * block;
}

/// Pages and scales of keys and values that are read as they are stored.
void bind_cache(const Problem& problem, const AttentionInputs& inputs, Dispatch& decode, CallWork& made) {
  const bool paged = problem.page_size > 0;
  CacheParams cache{};
  const auto bind_scales = [&](int index, const Tensor& scale) {
    made.bind(decode, index, made.work.input(scale));
    return RowStrides{scale.strides[0], scale.strides[paged ? 2 : 1], scale.strides[paged ? 1 : 2]};
  };
  if (paged) {
    cache.page_size = static_cast<int>(problem.page_size);
    cache.pages_batch = inputs.block_table->strides[0];
    made.bind(decode, binding::kCachePages, made.work.input(*inputs.block_table));
  }
  if (inputs.k_scale) cache.k_scale = bind_scales(binding::kKScales, *inputs.k_scale);
  if (inputs.v_scale) cache.v_scale = bind_scales(binding::kVScales, *inputs.v_scale);
  decode.constants.has_pages = paged;
  decode.constants.k_is_int8 = inputs.k_scale.has_value();
  decode.constants.v_is_int8 = inputs.v_scale.has_value();
  if (paged || inputs.k_scale || inputs.v_scale) made.pass(decode, binding::kCacheParams, cache);
}

}  // namespace

void RowResults::bind_to(Dispatch& dispatch) const {
  CallWork::bind(dispatch, binding::kOut, out);
  CallWork::bind(dispatch, binding::kLse, lse);
  CallWork::bind(dispatch, binding::kStats, stats);
  dispatch.constants.writes_lse = lse.has_value();
  dispatch.constants.writes_stats = stats.has_value();
}

void add_decode(const Problem& problem, const MetalPlan& plan, const AttentionInputs& inputs,
                const RowResults& results, CallWork& made) {
  const SplitParams splits{static_cast<int>(plan.splits.count), keys_per_split(problem, plan, made)};
  Dispatch& decode = made.dispatch(*plan.variants.front(), all_heads(problem), 0);
  made.bind_scores(decode);
  made.bind(decode, binding::kV, made.v);
  made.bind_sinks(decode);
  made.pass(decode, binding::kSplitParams, splits);
  if (plan.helper(MetalKernel::prepare) == nullptr) bind_cache(problem, inputs, decode, made);
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
  made.bind_sinks(reduce);
  made.bind(reduce, binding::kPartialOut, partial_out);
  made.bind(reduce, binding::kPartialStats, partial_stats);
  made.pass(reduce, binding::kSplitParams, splits);
  results.bind_to(reduce);
}

}  // namespace fa::metal
