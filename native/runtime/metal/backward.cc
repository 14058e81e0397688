// delta first, then either dQ beside dK and dV; or, where dS is kept, chunk of heads by chunk of heads, dK
// and dV that keep it and dQ that uses it. The gradients of options go beside.
#include "metal/backward.h"

#include <algorithm>

#include "metal/option_gradients.h"

namespace fa::metal {

namespace {

class BackwardWork {
 public:
  BackwardWork(const Problem& problem, const MetalPlan& plan, const Capabilities& capabilities,
               const BackwardCall& call)
      : problem_(problem), plan_(plan), call_(call), made_(problem, plan, capabilities, call.inputs) {
    out_ = made_.rows_in(RowKind::queries, "out", call.out, made_.params.out);
    d_out_ = made_.rows_in(RowKind::queries, "dOut", call.d_out, gradient_.d_out);
    dq_ = made_.rows_out(RowKind::dq, "dq", call.dq, gradient_.dq);
    dk_ = made_.rows_out(RowKind::dk, "dk", call.dk, gradient_.dk);
    dv_ = made_.rows_out(RowKind::dv, "dv", call.dv, gradient_.dv);
    lse_ = made_.floats_in(call.lse);
    stats_ = made_.floats_in(call.softmax_stats);
    d_lse_ = made_.floats_in(call.d_lse);
    row_terms_ = made_.scratch(plan.scratch.row_terms);
    if (plan.keeps_scores()) d_scores_ = made_.scratch(plan.scratch.d_scores);
    if (call.d_alibi_slopes) slope_terms_ = made_.scratch(plan.scratch.slope_terms);
  }

  Work build() {
    const int64_t heads = all_heads(problem_);
    add_delta(heads);
    int stage = 1;
    for (int64_t first = 0; first < heads; first += plan_.heads_at_once) {
      gradient_.first_head = static_cast<int>(first);
      gradient_.heads = static_cast<int>(std::min(plan_.heads_at_once, heads - first));
      stage = add_chunk(stage);
    }
    gradient_.first_head = 0;
    gradient_.heads = static_cast<int>(heads);
    add_option_gradients(problem_, plan_, call_, slope_terms_, parts());
    return made_.finish();
  }

 private:
  GradientParts parts() { return {made_, gradient_, d_out_, row_terms_, 1, 2}; }

  void add_delta(int64_t heads) {
    gradient_.heads = static_cast<int>(heads);
    Dispatch& delta = made_.dispatch(*plan_.variants.front(), heads, 0);
    CallWork::bind(delta, binding::kOut, out_);
    CallWork::bind(delta, binding::kDOut, d_out_);
    CallWork::bind(delta, binding::kLse, lse_);
    CallWork::bind(delta, binding::kStats, stats_);
    CallWork::bind(delta, binding::kDLse, d_lse_);
    CallWork::bind(delta, binding::kRowTerms, row_terms_);
    CallWork::pass(delta, binding::kGradientParams, gradient_);
    delta.constants.has_stats = stats_.has_value();
    delta.constants.has_d_lse = d_lse_.has_value();
  }

  /// @returns the stage behind it
  int add_chunk(int stage) {
    int last = stage;
    for (const MetalVariant* variant : plan_.variants) {
      switch (variant->kernel) {
        case MetalKernel::dq:
          add_dq(*variant, stage);
          break;
        case MetalKernel::dkv:
        case MetalKernel::shortDkv:
          add_dkv(*variant, stage);
          break;
        case MetalKernel::dqStored:
        case MetalKernel::shortDq:
          last = stage + 1;
          add_dq_stored(*variant, last);
          break;
        default:
          break;
      }
    }
    return last + 1;
  }

  Dispatch& add_recomputing(const MetalVariant& variant, int stage) {
    Dispatch& made = made_.dispatch(variant, gradient_.heads, stage);
    bind_recomputing(parts(), made);
    return made;
  }

  void add_dq(const MetalVariant& variant, int stage) {
    Dispatch& dq = add_recomputing(variant, stage);
    CallWork::bind(dq, binding::kDq, dq_);
    CallWork::bind(dq, binding::kSlopeTerms, slope_terms_);
    dq.constants.sums_slopes = slope_terms_.has_value();
  }

  void add_dkv(const MetalVariant& variant, int stage) {
    Dispatch& dkv = add_recomputing(variant, stage);
    CallWork::bind(dkv, binding::kDk, dk_);
    CallWork::bind(dkv, binding::kDv, dv_);
    // Of two passes, the one for dK has dS.
    constexpr int kWritesDk = 2;
    if (!d_scores_ || (variant.pass & kWritesDk) == 0) return;
    CallWork::bind(dkv, binding::kDScores, d_scores_);
    dkv.constants.stores_d_scores = true;
  }

  void add_dq_stored(const MetalVariant& variant, int stage) {
    Dispatch& dq = made_.dispatch(variant, gradient_.heads, stage);
    made_.tell_of_scores(dq);
    CallWork::bind(dq, binding::kK, made_.k);
    CallWork::bind(dq, binding::kDScores, d_scores_);
    CallWork::bind(dq, binding::kDq, dq_);
    CallWork::pass(dq, binding::kGradientParams, gradient_);
  }

  const Problem& problem_;
  const MetalPlan& plan_;
  const BackwardCall& call_;
  CallWork made_;
  GradientParams gradient_{};
  Memory out_, d_out_, dq_, dk_, dv_, row_terms_;
  std::optional<Memory> lse_, stats_, d_lse_, d_scores_, slope_terms_;
};

}  // namespace

Work backward_work(const Problem& problem, const MetalPlan& plan, const Capabilities& capabilities,
                   const BackwardCall& call) {
  return BackwardWork(problem, plan, capabilities, call).build();
}

}  // namespace fa::metal
