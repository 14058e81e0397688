#include "metal/option_gradients.h"

#include <algorithm>

#include "metal/saturating.h"

namespace fa::metal {

namespace {

int to_int(int64_t value) { return static_cast<int>(value); }

/// Lq, or that of the longest sequence.
int64_t longest_queries(const Problem& problem, const CallWork& made) {
  if (!problem.packed()) return problem.query_length;
  int most = 0;
  for (const Sequence& sequence : made.sequences) most = std::max(most, sequence.queries);
  return most;
}

/// Row-major: dBias and each of its parts.
ScoreStrides packed_strides(const std::array<int64_t, 4>& shape) {
  const int64_t head = product({shape[2], shape[3]});
  return {product({shape[1], head}), head, shape[3]};
}

BiasParams bias_params(const Problem& problem, const BiasSums& sums, int64_t queries) {
  const auto& shape = problem.bias_shape;
  BiasParams params{};
  params.to = packed_strides(shape);
  params.part = sums.elements;
  params.batches = to_int(shape[0]);
  params.heads = to_int(shape[1]);
  params.rows = to_int(shape[2]);
  params.keys = to_int(shape[3]);
  params.queries = to_int(shape[2] == 1 ? queries : shape[2]);
  params.steps = to_int(sums.steps);
  params.steps_per_part = to_int(sums.steps_per_part());
  params.parts = to_int(sums.parts);
  return params;
}

void add_bias(const Problem& problem, const MetalPlan& plan, const Tensor& d_bias,
              const GradientParts& parts) {
  CallWork& made = parts.made;
  const int64_t queries = longest_queries(problem, made);
  const BiasSums sums = bias_sums(problem, *plan.helper(MetalKernel::dBias), queries,
                                  std::max<int64_t>(plan.scratch.bias_parts, 1));
  const BiasParams params = bias_params(problem, sums, queries);
  const Memory to = made.work.output(d_bias);
  const Memory written = sums.parts == 1 ? to : made.scratch(sums.scratch());
  Dispatch& tiles = made.dispatch(*plan.helper(MetalKernel::dBias), all_heads(problem), parts.after_delta);
  tiles.tasks = sums.tasks;
  bind_recomputing(parts, tiles);
  CallWork::bind(tiles, binding::kDBias, written);
  CallWork::pass(tiles, binding::kBiasParams, params);
  if (sums.parts == 1) return;
  const MetalVariant& adder = *plan.helper(MetalKernel::dBiasSum);
  Dispatch& sum = made.dispatch(adder, all_heads(problem), parts.after_delta + 1);
  sum.tasks = ceil_divide(sums.elements, adder.threads);
  sum.multiply_adds = static_cast<double>(sums.elements) * static_cast<double>(sums.parts);
  CallWork::bind(sum, binding::kBiasParts, written);
  CallWork::bind(sum, binding::kDBias, to);
  CallWork::pass(sum, binding::kBiasParams, params);
}

/// A dispatch with a task for each element of the result.
Dispatch& add_head_sums(const Problem& problem, const MetalPlan& plan, const Tensor& result, int stage,
                        const GradientParts& parts) {
  GradientParams params = parts.params;
  params.heads = to_int(result.rank == 2 ? product({result.shape[0], result.shape[1]}) : result.shape[0]);
  const Memory sums = parts.made.work.output(result);
  Dispatch& made = parts.made.dispatch(*plan.helper(MetalKernel::headSums), all_heads(problem), stage);
  made.tasks = params.heads;
  CallWork::bind(made, binding::kHeadSums, sums);
  CallWork::pass(made, binding::kGradientParams, params);
  return made;
}

}  // namespace

void bind_recomputing(const GradientParts& parts, Dispatch& dispatch) {
  parts.made.bind_scores(dispatch);
  CallWork::bind(dispatch, binding::kV, parts.made.v);
  CallWork::bind(dispatch, binding::kDOut, parts.d_out);
  CallWork::bind(dispatch, binding::kRowTerms, parts.row_terms);
  CallWork::pass(dispatch, binding::kGradientParams, parts.params);
}

void add_option_gradients(const Problem& problem, const MetalPlan& plan, const BackwardCall& call,
                          std::optional<Memory> slope_terms, const GradientParts& parts) {
  if (call.d_bias) add_bias(problem, plan, *call.d_bias, parts);
  if (call.d_sinks) {
    Dispatch& made = add_head_sums(problem, plan, *call.d_sinks, parts.after_delta, parts);
    CallWork::bind(made, binding::kRowTerms, parts.row_terms);
    parts.made.bind_sinks(made);
  }
  if (call.d_alibi_slopes) {
    Dispatch& made = add_head_sums(problem, plan, *call.d_alibi_slopes, parts.after_slopes, parts);
    CallWork::bind(made, binding::kSlopeTerms, slope_terms);
    made.constants.sums_slopes = true;
  }
}

}  // namespace fa::metal
