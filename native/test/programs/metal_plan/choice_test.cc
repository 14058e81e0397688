// Which kernels a problem gets.
#include <set>

#include "harness.h"

using namespace test;

namespace {

Direction direction_of(const fa::MetalRouteRow& row) {
  return row.backward ? Direction::backward : Direction::forward;
}

bool few_rows_only(const fa::MetalRouteRow& row) {
  return row.route == MetalRoute::decode || row.route == MetalRoute::backward_short;
}

Problem with_rope(Problem problem) {
  problem.rotary_pairs = 1;
  problem.features = feature_bit(fa::Feature::rope);
  return problem;
}

Problem with_gradients_of_options(Problem problem) {
  if (problem.direction == Direction::forward) return problem;
  problem.gradients = feature_bit(fa::Feature::bias) | feature_bit(fa::Feature::sinks);
  problem.features |= problem.gradients;
  problem.bias_shape = {1, 1, 1, problem.key_length};
  return problem;
}

std::vector<const MetalVariant*> all_variants(const MetalPlan& plan) {
  std::vector<const MetalVariant*> all = plan.variants;
  all.insert(all.end(), plan.helpers.begin(), plan.helpers.end());
  return all;
}

/// Every row of the table is chosen by some problem on some family, and on none before its own.
void every_row_is_reachable() {
  std::set<const MetalVariant*> chosen;
  for (const MetalVariant& wanted : fa::metal_variants()) {
    for (const fa::MetalRouteRow& row : fa::metal_routes()) {
      for (const int64_t heads : {1, 8, 64}) {
        const int64_t queries = few_rows_only(row) ? 4 : 64;
        const Shape shape{1, heads, 1, queries, 1024, wanted.width, wanted.value_width};
        const Problem plain = problem(direction_of(row), wanted.dtype, shape, row.name);
        for (const Problem& asked : {plain, with_rope(plain), with_gradients_of_options(plain)}) {
          const auto outcome = plan_metal(asked, device(wanted.family));
          if (!std::holds_alternative<MetalPlan>(outcome)) continue;
          for (const MetalVariant* variant : all_variants(std::get<MetalPlan>(outcome))) {
            expect(variant->family <= wanted.family, std::string(variant->host_name) + " on an older family");
            chosen.insert(variant);
          }
        }
      }
    }
  }
  for (const MetalVariant& row : fa::metal_variants()) {
    expect(chosen.count(&row) == 1, std::string(row.host_name) + " is reached");
  }
}

void names_are_unique() {
  std::set<std::string> names;
  for (const MetalVariant& row : fa::metal_variants()) names.insert(row.host_name);
  expect(names.size() == fa::metal_variants().size(), "host names are unique");
}

/// The narrowest width of a route that holds D and Dv.
int narrowest(MetalKernel kernel, const Problem& problem) {
  int best = 1 << 20;
  for (const MetalVariant& row : fa::metal_variants()) {
    const bool holds = row.width >= problem.head_dim && row.value_width >= problem.value_dim;
    if (row.kernel == kernel && row.dtype == problem.dtype && holds) {
      best = std::min(best, row.width + row.value_width);
    }
  }
  return best;
}

void every_width_has_a_plan() {
  for (const DType dtype : kDTypes) {
    for (int64_t width = 1; width <= 256; width += 3) {
      for (const int64_t value_width : {int64_t{1}, width, 257 - width}) {
        for (const fa::MetalRouteRow& row : fa::metal_routes()) {
          const Shape shape{2, 4, 2, few_rows_only(row) ? 3 : 100, 300, width, value_width};
          const Problem asked = problem(direction_of(row), dtype, shape, row.name);
          for (const MetalVariant* variant : plan(asked, device()).variants) {
            expect(variant->dtype == dtype, "the problem's dtype");
            expect(variant->width + variant->value_width == narrowest(variant->kernel, asked),
                   std::string(variant->host_name) + " is the narrowest");
          }
        }
      }
    }
  }
}

/// What is chosen when nothing is forced, and that forcing it changes nothing but the reason.
void defaults() {
  const struct {
    Direction direction;
    DType dtype;
    Shape shape;
    const char* kernel;
  } rows[] = {
      {Direction::forward, DType::float16, {.queries = 8}, "metal-decode"},
      {Direction::forward, DType::float16, {.queries = 9}, "metal-forward"},
      {Direction::forward, DType::float16, {.queries = 1, .width = 576, .value_width = 512}, "metal-decode"},
      {Direction::forward,
       DType::float16,
       {.queries = 100, .width = 576, .value_width = 512},
       "metal-decode"},
      {Direction::forward, DType::float16, {.query_heads = 8, .queries = 8}, "metal-decode"},
      {Direction::forward, DType::float16, {.query_heads = 16, .queries = 8}, "metal-forward"},
      {Direction::forward, DType::float16, {.query_heads = 128, .queries = 1, .width = 300}, "metal-decode"},
      {Direction::backward, DType::float16, {.queries = 8}, "metal-backward-short"},
      {Direction::backward, DType::float16, {.query_heads = 16, .queries = 8}, "metal-backward"},
      {Direction::backward, DType::float16, {.width = 128, .value_width = 128}, "metal-backward-stored"},
      {Direction::backward, DType::bfloat16, {.width = 96, .value_width = 96}, "metal-backward-stored"},
      {Direction::backward, DType::float16, {.width = 64, .value_width = 64}, "metal-backward"},
      {Direction::backward, DType::float32, {.width = 128, .value_width = 128}, "metal-backward"},
      {Direction::backward,
       DType::float16,
       {.queries = 16384, .keys = 16384, .width = 128},
       "metal-backward"},
  };
  for (const auto& row : rows) {
    const MetalPlan chosen = plan(problem(row.direction, row.dtype, row.shape), device());
    expect(chosen.kernel == row.kernel, std::string(row.kernel) + " is chosen, not " + chosen.kernel);
    const MetalPlan forced = plan(problem(row.direction, row.dtype, row.shape, row.kernel), device());
    expect(forced.variants == chosen.variants, std::string(row.kernel) + " forced has the same variants");
    expect(forced.why.find("forced") != std::string::npos, "forced says so");
    expect(chosen.why.find("apple7") != std::string::npos, "the reason names the family");
  }
}

/// Options that the routes for few rows, and for kept dS, do not have.
void defaults_with_options() {
  const Shape few{.queries = 3}, wide{.width = 128, .value_width = 128};
  Problem packed = problem(Direction::forward, DType::float16, few);
  packed.features = feature_bit(fa::Feature::cu_seqlens_q) | feature_bit(fa::Feature::cu_seqlens_k);
  expect(plan(packed, device()).kernel == "metal-forward", "packed sequences take the general route");
  for (const Shape& shape : {few, wide}) {
    Problem slopes = problem(Direction::backward, DType::float16, shape);
    slopes.features = slopes.gradients = feature_bit(fa::Feature::alibi_slopes);
    expect(plan(slopes, device()).kernel == "metal-backward", "so does the gradient of slopes");
  }
}

/// 16-bit rows that RoPE turns are computed in float32; others stay what they are.
void elements_of_prepared_rows() {
  const Problem rotated = with_rope(problem(Direction::forward, DType::float16, {}));
  const MetalPlan made = plan(rotated, device());
  expect(made.variants.front()->dtype == DType::float32, "computed in float32");
  expect(made.helper(MetalKernel::prepare)->dtype == DType::float16, "from float16");
  expect(made.scratch.prepared == (2 + 2 + 1 + 1) * 64 * 64 * 4, "q and out of 2 heads, k and v of one");
  Problem paged = problem(Direction::forward, DType::float16, {});
  paged.features = feature_bit(fa::Feature::block_table) | feature_bit(fa::Feature::kv_lengths);
  paged.page_size = 8;
  const MetalPlan gathered = plan(paged, device());
  expect(gathered.variants.front()->dtype == DType::float16, "gathered only");
  expect(gathered.scratch.prepared == 2 * 64 * 64 * 2, "k and v");
}

/// Pages and int8, but not what RoPE turns first.
void decode_reads_in_place() {
  Problem cached = problem(Direction::forward, DType::float16, {.queries = 1});
  cached.features = feature_bit(fa::Feature::block_table) | feature_bit(fa::Feature::kv_lengths) |
                    feature_bit(fa::Feature::k_scale) | feature_bit(fa::Feature::v_scale);
  cached.page_size = 8;
  const MetalPlan in_place = plan(cached, device());
  expect(in_place.kernel == "metal-decode" && in_place.helper(MetalKernel::prepare) == nullptr, "no copy");
  expect(in_place.scratch.prepared == 0, "no scratch for one");
  expect(in_place.variants.front()->dtype == DType::float16, "scores of integers need no float32 rows");
  const MetalPlan turned = plan(with_rope(cached), device());
  expect(turned.helper(MetalKernel::prepare) != nullptr, "rotated keys are prepared");
}

/// A reason that speaks of speed says where it does not come from.
void speed_is_never_claimed() {
  for (const int64_t width : {64, 128}) {
    const std::string why =
        plan(problem(Direction::backward, DType::float16, {.width = width, .value_width = width}), device())
            .why;
    const bool speaks = why.find("faster") != std::string::npos;
    expect(speaks == (why.find("not measured on Apple hardware") != std::string::npos), why);
  }
}

}  // namespace

void test_choice() {
  every_row_is_reachable();
  names_are_unique();
  every_width_has_a_plan();
  defaults();
  defaults_with_options();
  elements_of_prepared_rows();
  decode_reads_in_place();
  speed_is_never_claimed();
}
