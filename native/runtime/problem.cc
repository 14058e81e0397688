#include "problem.h"

#include <algorithm>
#include <iterator>

#include "check_tensor.h"
#include "generated/kernel_names.h"
#include "generated/limits.h"
#include "problem_checks.h"

namespace fa {

namespace {

void check_limit(const char* argument, const char* what, int64_t limit, int64_t value) {
  if (value <= limit) return;
  refuse(ErrorCode::UNSUPPORTED, argument, std::string(what) + " of at most " + std::to_string(limit),
         std::to_string(value));
}

void check_limits(const Problem& problem) {
  check_limit("q", "a head width D", kMaxHeadDim, problem.head_dim);
  check_limit("v", "a value width Dv", kMaxHeadDim, problem.value_dim);
  check_limit("q", "a length Lq", kMaxLength, problem.query_length);
  check_limit("k", "a length Lk", kMaxLength, problem.key_length);
}

/// A backend decides whether the name is one of its own; some take a count behind it: "metal-decode@8".
void check_kernel_name(const std::string& name) {
  if (name.empty()) return;
  const std::string base = name.substr(0, name.find('@'));
  if (std::find(std::begin(kKernelNames), std::end(kKernelNames), base) != std::end(kKernelNames)) return;
  std::string known;
  for (const char* kernel : kKernelNames) known += std::string(known.empty() ? "" : ", ") + kernel;
  refuse(ErrorCode::INVALID_ARGUMENT, "kernel", "one of " + known, "'" + name + "'");
}

/// Inputs may repeat memory (stride 0), so outputs can be too large even where every input fits.
void check_output_sizes(const Problem& problem) {
  const OutputShapes shapes = output_shapes(problem);
  check_extent("out", packed_tensor(shapes.out, problem.dtype));
  const std::array<int64_t, 4> stats{2, shapes.lse[0], shapes.lse[1], shapes.lse[2]};
  check_extent("lse", packed_tensor(stats, DType::float32));
  if (problem.direction == Direction::forward) return;
  check_extent("dq", packed_tensor(shapes.dq, problem.dtype));
  check_extent("dk", packed_tensor(shapes.dk, problem.dtype));
  check_extent("dv", packed_tensor(shapes.dv, problem.dtype));
}

}  // namespace

Problem describe(const AttentionInputs& inputs, const AttentionOptions& options, Direction direction) {
  Problem problem;
  problem.direction = direction;
  problem.layout = options.layout;
  problem.kernel = options.kernel;
  read_sizes(inputs, options, problem);
  read_scalars(options, problem);
  check_key_storage(inputs, problem);
  check_score_inputs(inputs, problem);
  check_rope(inputs, options, problem);
  check_limits(problem);
  read_visibility(options, problem);
  check_kernel_name(options.kernel);
  check_output_sizes(problem);
  return problem;
}

OutputShapes output_shapes(const Problem& problem) {
  const bool packed = problem.has(Feature::cu_seqlens_q);
  const int64_t batch = packed ? 1 : problem.batch;
  const auto rows = [&](int64_t heads, int64_t length, int64_t width) -> std::array<int64_t, 4> {
    if (packed) return {batch, length, heads, width};
    if (problem.layout == Layout::blhd) return {problem.batch, length, heads, width};
    return {problem.batch, heads, length, width};
  };
  OutputShapes shapes;
  shapes.out = rows(problem.query_heads, problem.query_length, problem.value_dim);
  shapes.dq = rows(problem.query_heads, problem.query_length, problem.head_dim);
  shapes.dk = rows(problem.kv_heads, problem.key_length, problem.head_dim);
  shapes.dv = rows(problem.kv_heads, problem.key_length, problem.value_dim);
  shapes.lse = {batch, problem.query_heads, problem.query_length};
  return shapes;
}

}  // namespace fa
