#include "metal/variant_choice.h"

#include <algorithm>
#include <limits>
#include <optional>

#include "metal/copied_rows.h"

namespace fa::metal {

namespace {

using Variants = std::vector<const MetalVariant*>;

struct Wanted {
  int family;
  int64_t rows;  ///< query rows that share a kv head
};

bool of_kernel(const MetalVariant& row, MetalKernel kernel, DType dtype) {
  return row.kernel == kernel && row.dtype == dtype;
}

bool same_width(const MetalVariant& a, const MetalVariant& b) {
  return a.width == b.width && a.value_width == b.value_width;
}

bool narrower(const MetalVariant* a, const MetalVariant* b) {
  return a->width + a->value_width < b->width + b->value_width;
}

/// A kernel's variant at the width of `like`, both of them where it has two passes. Of tiles of several sizes
/// the smallest that holds the rows, else the largest.
Variants newest(MetalKernel kernel, const MetalVariant& like, const Wanted& wanted) {
  const auto serves = [&](const MetalVariant& row) {
    return of_kernel(row, kernel, like.dtype) && same_width(row, like) && row.family <= wanted.family;
  };
  const MetalVariant* best = nullptr;
  const auto better = [&](const MetalVariant& row) {
    if (best == nullptr || row.family != best->family) return best == nullptr || row.family > best->family;
    return best->rows < wanted.rows ? row.rows > best->rows
                                    : row.rows >= wanted.rows && row.rows < best->rows;
  };
  for (const MetalVariant& row : metal_variants()) {
    if (serves(row) && better(row)) best = &row;
  }
  Variants found;
  for (const MetalVariant& row : metal_variants()) {
    if (serves(row) && row.family == best->family && row.rows == best->rows) found.push_back(&row);
  }
  return found;
}

std::optional<Variants> all_kernels(const MetalRouteRow& route, const MetalVariant& like,
                                    const Wanted& wanted) {
  Variants all;
  for (const MetalKernel kernel : route.kernels) {
    const Variants found = newest(kernel, like, wanted);
    if (found.empty()) return std::nullopt;
    all.insert(all.end(), found.begin(), found.end());
  }
  return all;
}

/// What every kernel of the route has a variant for.
template <typename Member>
int largest(const MetalRouteRow& route, DType dtype, Member member) {
  int value = std::numeric_limits<int>::max();
  for (const MetalKernel kernel : route.kernels) {
    int of_one = 0;
    for (const MetalVariant& row : metal_variants()) {
      if (of_kernel(row, kernel, dtype)) of_one = std::max(of_one, row.*member);
    }
    value = std::min(value, of_one);
  }
  return value;
}

}  // namespace

std::vector<const MetalVariant*> choose_variants(const MetalRouteRow& route, const Problem& problem,
                                                 int family) {
  Variants wide_enough;
  for (const MetalVariant& row : metal_variants()) {
    if (!of_kernel(row, route.kernels.front(), problem.dtype)) continue;
    if (row.width >= problem.head_dim && row.value_width >= problem.value_dim) wide_enough.push_back(&row);
  }
  std::stable_sort(wide_enough.begin(), wide_enough.end(), narrower);
  const Wanted wanted{family, problem.query_heads / problem.kv_heads * problem.query_length};
  for (const MetalVariant* row : wide_enough) {
    if (auto chosen = all_kernels(route, *row, wanted)) return *std::move(chosen);
  }
  return {};
}

std::vector<const MetalVariant*> choose_helpers(const Problem& problem, const MetalRouteRow& route,
                                                const MetalVariant& like, int family) {
  Variants helpers;
  const Wanted wanted{family, 0};
  const auto add = [&](MetalKernel kernel) {
    const Variants found = newest(kernel, like, wanted);
    helpers.insert(helpers.end(), found.begin(), found.end());
  };
  const auto add_of_any_width = [&](MetalKernel kernel, DType dtype) {
    const auto of = [&](const MetalVariant& row) { return of_kernel(row, kernel, dtype); };
    helpers.push_back(&*std::find_if(metal_variants().begin(), metal_variants().end(), of));
  };
  const auto asked = [&](Feature gradient) { return (problem.gradients & feature_bit(gradient)) != 0; };
  if (copied_rows(problem, route.route).any()) add_of_any_width(MetalKernel::prepare, problem.dtype);
  if (asked(Feature::bias)) {
    add(MetalKernel::dBias);
    add_of_any_width(MetalKernel::dBiasSum, DType::float32);
  }
  if (asked(Feature::alibi_slopes) || asked(Feature::sinks)) {
    add_of_any_width(MetalKernel::headSums, DType::float32);
  }
  return helpers;
}

int widest(const MetalRouteRow& route, DType dtype) { return largest(route, dtype, &MetalVariant::width); }

int widest_values(const MetalRouteRow& route, DType dtype) {
  return largest(route, dtype, &MetalVariant::value_width);
}

}  // namespace fa::metal
