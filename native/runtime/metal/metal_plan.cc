#include "metal/metal_plan.h"

#include <algorithm>
#include <limits>

#include "generated/limits.h"
#include "metal/copied_rows.h"
#include "metal/route_wish.h"
#include "metal/saturating.h"
#include "metal/variant_choice.h"
#include "missing_feature.h"

namespace fa::metal {

namespace {

constexpr BackendFeatures kFeatures{"metal", kMetalForwardFeatures, kMetalBackwardFeatures, kMetalGradients};

using Outcome = std::variant<MetalPlan, Refusal>;

constexpr int64_t kMaxTasks = std::numeric_limits<int32_t>::max();

Refusal unsupported(const char* argument, const std::string& expected, int64_t got) {
  return {ErrorCode::UNSUPPORTED, argument, "expected " + expected + ", got " + std::to_string(got)};
}

std::string few_rows_text() { return "Lq of at most " + std::to_string(kMaxShortLength); }

/// Decode goes through all keys for each few rows: any number of them where no other route is wide enough.
bool needs_few_rows(const MetalRouteRow& row, const Problem& problem, int family) {
  if (row.route == MetalRoute::backward_short) return true;
  if (row.route != MetalRoute::decode) return false;
  return !choose_variants(row_of(MetalRoute::forward), problem, family).empty();
}

Refusal too_wide(const MetalRouteRow& row, const Problem& problem) {
  const bool keys = problem.head_dim > widest(row, problem.dtype);
  const int limit = keys ? widest(row, problem.dtype) : widest_values(row, problem.dtype);
  std::string expected = std::string(keys ? "a head width D" : "a value width Dv") + " of at most " +
                         std::to_string(limit) + " in " + row.name;
  if (row.route == MetalRoute::forward)
    expected += std::string(" (of packed sequences; ") + row_of(MetalRoute::decode).name + " has wider ones)";
  if (row.route == MetalRoute::backward)
    expected += std::string(" (wider ones need few rows: ") + row_of(MetalRoute::backward_short).name + ")";
  return unsupported(keys ? "q" : "v", expected, keys ? problem.head_dim : problem.value_dim);
}

/// A threadgroup of shortDkv holds all rows of a kv head.
std::optional<Refusal> too_many_rows(const MetalPlan& plan, const Problem& problem) {
  for (const MetalVariant* variant : plan.variants) {
    const int64_t rows = rows_per_kv_head(problem);
    if (variant->kernel != MetalKernel::shortDkv || rows <= variant->rows) continue;
    return unsupported(
        "q", "Lq * Hq / Hkv of at most " + std::to_string(variant->rows) + " in " + plan.route->name, rows);
  }
  return std::nullopt;
}

std::optional<Refusal> reserve_scratch(const Problem& problem, int64_t limit, MetalPlan& plan) {
  const std::string within = " within " + std::to_string(limit) + " bytes of scratch in " + plan.route->name;
  const int64_t rows = query_rows(problem);
  plan.heads_at_once = all_heads(problem);
  if (plan.route->backward) plan.scratch.row_terms = product({3, rows, sizeof(float)});
  if (plan.splits.count > 1) {
    plan.scratch.partial_out = product({plan.splits.count, rows, problem.value_dim, sizeof(float)});
    plan.scratch.partial_stats = product({plan.splits.count, 2, rows, sizeof(float)});
    const int64_t larger = std::max(plan.scratch.partial_out, plan.scratch.partial_stats);
    if (larger > limit) return unsupported("kernel", "results of splits" + within, larger);
  }
  if (plan.keeps_scores()) {
    plan.heads_at_once = heads_that_fit(problem, limit);
    if (plan.heads_at_once == 0 && rows > 0) {
      return unsupported("kernel", "dS of the query heads of one kv head" + within,
                         product({group_of(problem), d_scores_bytes(problem)}));
    }
    plan.scratch.d_scores = product({plan.heads_at_once, d_scores_bytes(problem)});
  }
  return std::nullopt;
}

/// The problem that the route's kernels solve.
Problem as_computed(const Problem& asked, MetalRoute route) {
  Problem problem = asked;
  problem.dtype = computed_dtype(asked, route);
  return problem;
}

/// What options need beside the route.
std::optional<Refusal> reserve_helpers(const Problem& problem, const Capabilities& capabilities,
                                       MetalPlan& plan) {
  plan.helpers = choose_helpers(problem, *plan.route, *plan.variants.front(), capabilities.family);
  plan.scratch.prepared = copied_bytes(problem, plan.route->route);
  const auto asked = [&](Feature gradient) { return (problem.gradients & feature_bit(gradient)) != 0; };
  if (asked(Feature::alibi_slopes)) {
    plan.scratch.slope_terms = product({query_rows(problem), static_cast<int64_t>(sizeof(float))});
  }
  if (!asked(Feature::bias)) return std::nullopt;
  const MetalVariant* d_bias = plan.helper(MetalKernel::dBias);
  if (d_bias == nullptr) {
    const int limit = widest(row_of(MetalRoute::backward), problem.dtype);
    return Refusal{ErrorCode::UNSUPPORTED_GRADIENT, "bias",
                   "expected no gradient of a bias for heads wider than " + std::to_string(limit) +
                       " in the metal backend, got bias"};
  }
  plan.bias = bias_sums(problem, *d_bias, problem.query_length, scratch_limit(capabilities));
  plan.scratch.bias_parts = plan.bias.scratch();
  if (plan.bias.steps <= kMaxTasks && plan.bias.tasks <= kMaxTasks) return std::nullopt;
  return unsupported("bias",
                     "at most " + std::to_string(kMaxTasks) + " threadgroups and steps for its gradient",
                     std::max(plan.bias.steps, plan.bias.tasks));
}

std::string reason(const MetalPlan& plan, const Capabilities& capabilities, const RouteWish& wish) {
  const MetalVariant& variant = *plan.variants.back();
  const std::string prepared =
      plan.helper(MetalKernel::prepare) != nullptr ? " of rows prepared in scratch" : "";
  return std::string(plan.route->says) + "; width " + std::to_string(variant.width) + ", " +
         to_string(variant.dtype) + prepared + ", apple" + std::to_string(capabilities.family) + "; " +
         wish.why;
}

/// What only the kernels of the general routes do.
std::optional<Refusal> refuse_special(const MetalRouteRow& row, const Problem& problem) {
  if (row.route == MetalRoute::forward || row.route == MetalRoute::backward) return std::nullopt;
  const auto refused = [&](ErrorCode code, const char* argument, const char* expected) {
    return Refusal{code, argument,
                   std::string("expected ") + expected + " in " + row.name + ", got " + argument};
  };
  if (problem.packed()) return refused(ErrorCode::UNSUPPORTED, "cuSeqlensQ", "sequences that are not packed");
  if ((problem.gradients & feature_bit(Feature::alibi_slopes)) != 0) {
    return refused(ErrorCode::UNSUPPORTED_GRADIENT, "alibiSlopes", "no gradient of the slopes");
  }
  return std::nullopt;
}

Outcome plan_route(const Problem& asked, const Capabilities& capabilities, const RouteWish& wish) {
  const MetalRouteRow& row = *wish.route;
  const Problem problem = as_computed(asked, row.route);
  if (auto refused = too_large(problem, capabilities)) return *std::move(refused);
  if (auto refused = refuse_special(row, problem)) return *std::move(refused);
  if (needs_few_rows(row, problem, capabilities.family) && problem.query_length > kMaxShortLength) {
    return unsupported("q", few_rows_text() + " in " + row.name, problem.query_length);
  }
  MetalPlan plan;
  plan.route = &row;
  plan.variants = choose_variants(row, problem, capabilities.family);
  if (plan.variants.empty()) return too_wide(row, problem);
  if (auto refused = too_many_rows(plan, problem)) return *std::move(refused);
  const int64_t limit = scratch_limit(capabilities);
  if (row.route == MetalRoute::decode) {
    plan.splits = split_keys(problem, *plan.variants.front(), wish.splits, limit);
    if (plan.splits.count == 1) plan.variants.resize(1);
  }
  if (auto refused = reserve_scratch(problem, limit, plan)) return *std::move(refused);
  if (auto refused = reserve_helpers(asked, capabilities, plan)) return *std::move(refused);
  for (const MetalVariant* variant : plan.variants) {
    const int64_t tasks = tasks_of(*variant, problem, all_heads(problem), plan.splits.count);
    if (tasks > kMaxTasks) {
      return unsupported("q", "at most " + std::to_string(kMaxTasks) + " threadgroups in " + row.name, tasks);
    }
  }
  plan.kernel = row.name;
  if (wish.splits > 0) plan.kernel.append("@").append(std::to_string(wish.splits));
  plan.why = reason(plan, capabilities, wish);
  return plan;
}

bool has_few_rows(const Problem& problem) {
  return !problem.packed() && problem.query_length <= kMaxShortLength;
}

Outcome choose_forward(const Problem& problem, const Capabilities& capabilities) {
  const MetalRouteRow& forward = row_of(MetalRoute::forward);
  const bool shares = rows_per_kv_head(problem) <= kMaxDecodeRows;
  if (has_few_rows(problem) && shares) {
    return plan_route(problem, capabilities, {&row_of(MetalRoute::decode), 0, "few query rows"});
  }
  if (!problem.packed() && choose_variants(forward, problem, capabilities.family).empty()) {
    return plan_route(problem, capabilities, {&row_of(MetalRoute::decode), 0, "too wide for metal-forward"});
  }
  return plan_route(problem, capabilities,
                    {&forward, 0, problem.packed() ? "packed sequences" : "many query rows"});
}

/// Why dS is not kept, or a plan that keeps it.
std::variant<MetalPlan, std::string> plan_stored(const Problem& problem, const Capabilities& capabilities) {
  Outcome outcome =
      plan_route(problem, capabilities,
                 {&row_of(MetalRoute::backward_stored), 0,
                  "predicted to be faster than seven products, not measured on Apple hardware"});
  if (const auto* refused = std::get_if<Refusal>(&outcome)) return refused->reason;
  MetalPlan& plan = std::get<MetalPlan>(outcome);
  const auto wanted = [](const MetalVariant* variant) { return variant->keeps_scores; };
  if (std::any_of(plan.variants.begin(), plan.variants.end(), wanted)) return std::move(plan);
  return "not predicted to be faster at this width and dtype, not measured on Apple hardware";
}

Outcome choose_backward(const Problem& problem, const Capabilities& capabilities) {
  if (has_few_rows(problem)) {
    const RouteWish few{&row_of(MetalRoute::backward_short), 0, "few query rows"};
    Outcome outcome = plan_route(problem, capabilities, few);
    const bool no_other = choose_variants(row_of(MetalRoute::backward), problem, capabilities.family).empty();
    if (std::holds_alternative<MetalPlan>(outcome) || no_other) return outcome;
  }
  auto stored = plan_stored(problem, capabilities);
  if (auto* plan = std::get_if<MetalPlan>(&stored)) return *std::move(plan);
  return plan_route(problem, capabilities,
                    {&row_of(MetalRoute::backward), 0, "dS is not kept: " + std::get<std::string>(stored)});
}

}  // namespace

std::variant<MetalPlan, Refusal> plan_metal(const Problem& problem, const Capabilities& capabilities) {
  if (auto refused = missing_feature(problem, kFeatures)) return *std::move(refused);
  if (auto refused = no_bfloat(problem, capabilities)) return *std::move(refused);
  if (problem.kernel.empty()) {
    return problem.direction == Direction::forward ? choose_forward(problem, capabilities)
                                                   : choose_backward(problem, capabilities);
  }
  auto wish = forced_route(problem);
  if (auto* refused = std::get_if<Refusal>(&wish)) return *std::move(refused);
  return plan_route(problem, capabilities, std::get<RouteWish>(wish));
}

const MetalVariant* MetalPlan::helper(MetalKernel kernel) const {
  const auto found = std::find_if(helpers.begin(), helpers.end(),
                                  [&](const MetalVariant* variant) { return variant->kernel == kernel; });
  return found == helpers.end() ? nullptr : *found;
}

Plan printed(const MetalPlan& plan, const Problem& problem) {
  Plan text;
  text.backend = "metal";
  text.kernel = plan.kernel;
  text.scratch_bytes = plan.scratch.total();
  text.why = plan.why;
  text.tiles = {{"width", plan.variants.back()->width}, {"valueWidth", plan.variants.back()->value_width}};
  const auto add_tile = [&](const MetalVariant& variant) {
    const std::string name = variant.host_name;
    text.tiles.emplace_back(name + ".rows", variant.rows);
    text.tiles.emplace_back(name + ".block", variant.block);
    text.tiles.emplace_back(name + ".simdgroups", variant.simdgroups);
  };
  for (const MetalVariant* variant : plan.variants) {
    // Chunks of heads cut between groups, so that they add up to this.
    text.tasks += tasks_of(*variant, problem, all_heads(problem), plan.splits.count);
    add_tile(*variant);
  }
  for (const MetalVariant* variant : plan.helpers) add_tile(*variant);
  if (plan.route->route == MetalRoute::decode) {
    text.tiles.emplace_back("splits", plan.splits.count);
    text.tiles.emplace_back("keysPerSplit", plan.splits.keys);
  }
  if (plan.keeps_scores()) text.tiles.emplace_back("headsAtOnce", plan.heads_at_once);
  return text;
}

}  // namespace fa::metal
