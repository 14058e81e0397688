#include "metal/plan_cost.h"

#include <algorithm>
#include <limits>
#include <map>
#include <set>

#include "metal/backward.h"
#include "metal/call_work.h"
#include "metal/cost_model.h"
#include "metal/forward.h"
#include "metal/kernel_products.h"
#include "metal/saturating.h"
#include "metal/shape_calls.h"
#include "sequences.h"

namespace fa::metal {

namespace {

/// Sequences, and rows of packed or copied ones, above which no list of tasks is made for the sake of a cost.
constexpr int64_t kMostListedRows = int64_t{1} << 24;
constexpr int64_t kMostSequences = int64_t{1} << 16;

/// 8x8x8 multiply-adds, or elements where a kernel has none.
constexpr double kUnit = 512;

/// [B + 1] or [B] of equally long sequences. Keeps the memory that a call without data is given.
class EqualLengths {
 public:
  EqualLengths(const Problem& problem, AttentionInputs& inputs) {
    fill(inputs.cu_seqlens_q, queries_, problem.query_length, problem.batch);
    fill(inputs.cu_seqlens_k, keys_, problem.key_length, problem.batch);
  }

 private:
  static void fill(std::optional<Tensor>& tensor, std::vector<int32_t>& values, int64_t length,
                   int64_t batch) {
    if (!tensor) return;
    for (int64_t b = 0; b <= batch; ++b) {
      values.push_back(static_cast<int32_t>(batch == 0 ? 0 : length * b / batch));
    }
    tensor->data = reinterpret_cast<std::byte*>(values.data());
  }

  std::vector<int32_t> queries_, keys_;
};

/// The dispatches of one kernel.
struct KernelDispatches {
  const MetalVariant* variant;
  std::vector<const Dispatch*> dispatches;
};

std::vector<KernelDispatches> by_variant(const Work& work) {
  std::vector<KernelDispatches> kernels;
  for (const Dispatch& dispatch : work.dispatches) {
    if (dispatch.tasks == 0) continue;
    const auto known = std::find_if(kernels.begin(), kernels.end(), [&](const KernelDispatches& kernel) {
      return kernel.variant == dispatch.variant;
    });
    if (known != kernels.end()) {
      known->dispatches.push_back(&dispatch);
    } else {
      kernels.push_back({dispatch.variant, {&dispatch}});
    }
  }
  return kernels;
}

class CostOfWork {
 public:
  CostOfWork(const Problem& problem, const Work& work, std::vector<Sequence> sequences)
      : problem_(problem), work_(work), counter_(problem, std::move(sequences)) {}

  KernelCost of(const KernelDispatches& kernel) const {
    const MetalVariant& variant = *kernel.variant;
    KernelCost cost;
    cost.kernel = variant.host_name;
    cost.threads = variant.threads;
    double elements = 0;
    for (const Dispatch* dispatch : kernel.dispatches) {
      cost.threadgroups += dispatch->tasks;
      elements += dispatch->multiply_adds;
    }
    const KernelProducts done = counter_.of(variant, static_cast<double>(cost.threadgroups));
    const double units = done.products > 0 ? done.products : elements / kUnit;
    if (units == 0) return cost;
    cost.memory_bytes = memory_bytes(kernel);
    MetalProfile profile = profile_here(kernel, done, units);
    // Nothing comes from memory that is not asked for.
    profile.device_bytes = std::max(profile.device_bytes, cost.memory_bytes / units);
    cost.products = done.products;
    cost.operations = 2 * kUnit * done.products +
                      core::kLanes * units * (profile.arithmetic + profile.exp2 + profile.divisions);
    cost.device_bytes = units * profile.device_bytes;
    cost.registers = variant.registers;
    cost.threadgroup_bytes = variant.threadgroup_bytes;
    const Footprint footprint{variant.registers, variant.threadgroup_bytes, variant.simdgroups};
    const Prediction predicted =
        predict(profile, cost.memory_bytes / units, footprint, done.products > 0 ? 1 : 0);
    cost.simdgroups_per_core = predicted.simdgroups_per_core;
    cost.utilisation = predicted.utilisation;
    cost.bound = predicted.bound;
    cost.core_cycles = predicted.core_cycles * units;
    return cost;
  }

 private:
  /// What the kernel does per unit in this call: more for options, more that is staged where tiles are cut.
  MetalProfile profile_here(const KernelDispatches& kernel, const KernelProducts& done, double units) const {
    const FunctionConstants& has = kernel.dispatches.front()->constants;
    const double pairs = done.pairs / units,
                 bias_bytes = static_cast<double>(element_size(problem_.bias_dtype));
    MetalProfile profile = metal_profile(*kernel.variant);
    // The others take dS, and not what it is made of.
    const bool scores =
        kernel.variant->kernel != MetalKernel::dqStored && kernel.variant->kernel != MetalKernel::shortDq;
    const auto add = [&](bool wanted, option_cost::OptionCost option, double bytes) {
      if (!wanted || !scores) return;
      profile.arithmetic += option.arithmetic * pairs / core::kLanes;
      profile.exp2 += option.exp2 * pairs / core::kLanes;
      profile.accesses += option.accesses * pairs / core::kLanes;
      profile.device_bytes += bytes * pairs;
    };
    add(has.has_mask, option_cost::kMask, 1);
    add(has.has_bias, option_cost::kBias, bias_bytes);
    add(has.has_alibi, option_cost::kAlibi, 0);
    add(has.has_softcap, option_cost::kSoftcap, 0);
    add(has.has_dropout, option_cost::kDropout, 0);
    profile.device_bytes +=
        done.more_staged / units * static_cast<double>(element_size(kernel.variant->dtype));
    return profile;
  }

  /// What is bound, each tensor once, as far as it is visible.
  double memory_bytes(const KernelDispatches& kernel) const {
    std::set<int> seen;
    double bytes = 0;
    for (const Dispatch* dispatch : kernel.dispatches) {
      for (const Binding& binding : dispatch->bindings) {
        if (!seen.insert(binding.memory.index).second) continue;
        bytes += bound_bytes(*kernel.variant, binding);
      }
    }
    return bytes;
  }

  double bound_bytes(const MetalVariant& variant, const Binding& binding) const {
    const MemoryUse& memory = work_.memory[static_cast<size_t>(binding.memory.index)];
    double bytes = static_cast<double>(memory.bytes + memory.table.size());
    const bool is_tensor = memory.kind == MemoryKind::input || memory.kind == MemoryKind::output;
    if (is_tensor) bytes = static_cast<double>(span_bytes(memory.tensor).value_or(0));
    if (variant.kernel == MetalKernel::prepare) return bytes;
    switch (binding.index) {
      case binding::kK:
      case binding::kV:
        // The shape of a pool is that of one sequence's pages.
        return bytes * counter_.seen_keys(variant.block) *
               (is_tensor && problem_.page_size > 0 ? static_cast<double>(problem_.batch) : 1);
      case binding::kMask:
      case binding::kBias:
        return bytes * counter_.seen_pairs();
      case binding::kDScores:
        // Every chunk of heads has the same scratch.
        return static_cast<double>(product({all_heads(problem_), d_scores_bytes(problem_)})) *
               counter_.seen_pairs();
      default:
        return bytes;
    }
  }

  const Problem& problem_;
  const Work& work_;
  const ProductCounter counter_;
};

bool is_too_long(const Problem& problem) {
  const int64_t rows =
      product({problem.packed() ? 1 : problem.batch, std::max(problem.query_length, problem.key_length)});
  return problem.batch > kMostSequences || rows > kMostListedRows;
}

}  // namespace

std::vector<KernelCost> plan_costs(const Problem& problem, const MetalPlan& plan,
                                   const Capabilities& capabilities) {
  std::vector<KernelCost> costs;
  if (is_too_long(problem)) return costs;
  const auto add_costs = [&](auto call, auto make_work) {
    const EqualLengths lengths(problem, call.inputs);
    const Work work = make_work(problem, plan, capabilities, call);
    const CostOfWork cost(problem, work, sequences_of(problem, call.inputs));
    for (const KernelDispatches& kernel : by_variant(work)) costs.push_back(cost.of(kernel));
  };
  if (problem.direction == Direction::forward) {
    add_costs(forward_shapes(problem), forward_work);
  } else {
    add_costs(backward_shapes(problem), backward_work);
  }
  return costs;
}

}  // namespace fa::metal
