// Scalars of a call, and the folding of causal, align and window into one band.
#include <algorithm>
#include <cmath>
#include <cstdio>

#include "check_tensor.h"
#include "problem_checks.h"

namespace fa {

namespace {

/// As JavaScript prints it, for the common cases.
std::string number_text(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
  char text[32];
  std::snprintf(text, sizeof text, "%.9g", value);
  return text;
}

/// Far outside any length, far inside int64: sums of a few of these cannot overflow.
constexpr int64_t kFar = int64_t{1} << 40;

int clamp_to_band(int64_t value) {
  return static_cast<int>(std::clamp<int64_t>(value, -kUnbounded, kUnbounded));
}

int64_t resolve(const Alignment& alignment, const Problem& problem) {
  switch (alignment.diagonal) {
    case Diagonal::topLeft:
      return 0;
    case Diagonal::offset:
      return std::clamp(alignment.offset, -kFar, kFar);
    case Diagonal::bottomRight:
    case Diagonal::none:
      break;
  }
  return problem.key_length - problem.query_length;
}

void check_window(const Window& window) {
  if (window.left >= -1 && window.right >= -1) return;
  refuse(ErrorCode::INVALID_ARGUMENT, "window", "left and right of -1 or more",
         "left " + std::to_string(window.left) + ", right " + std::to_string(window.right));
}

/// Unbounded is kFar, so that left and right need no second representation.
int64_t reach(int64_t side) { return side < 0 ? kFar : std::min(side, kFar); }

}  // namespace

void read_scalars(const AttentionOptions& options, Problem& problem) {
  const double scale = options.scale.value_or(1.0 / std::sqrt(static_cast<double>(problem.head_dim)));
  // Kernels work in log2 units, so the product must be finite too.
  constexpr float kLog2E = 1.44269504F;
  if (!std::isfinite(static_cast<float>(scale) * kLog2E)) {
    refuse(ErrorCode::INVALID_ARGUMENT, "scale", "a number below 2.3e38 in size", number_text(scale));
  }
  problem.scale = static_cast<float>(scale);
  if (options.softcap) {
    const float softcap = static_cast<float>(*options.softcap);
    if (!std::isfinite(softcap) || softcap <= 0) {
      refuse(ErrorCode::INVALID_ARGUMENT, "softcap", "a finite number above 0",
             number_text(*options.softcap));
    }
    use(problem, Feature::softcap);
  }
  if (options.dropout) {
    const double rate = options.dropout->rate;
    if (!(rate >= 0 && rate < 1)) {
      refuse(ErrorCode::INVALID_ARGUMENT, "dropout", "a rate of at least 0 and below 1", number_text(rate));
    }
    if (rate > 0) use(problem, Feature::dropout);
  }
}

void read_visibility(const AttentionOptions& options, Problem& problem) {
  const bool causal = options.causal.diagonal != Diagonal::none;
  const Alignment bottom_right{Diagonal::bottomRight, 0};
  const int64_t align_offset = resolve(options.align.value_or(bottom_right), problem);
  problem.offset = causal ? resolve(options.causal, problem) : align_offset;
  if (options.align && options.align->diagonal == Diagonal::none) {
    refuse(ErrorCode::INVALID_ARGUMENT, "align", "'topLeft', 'bottomRight' or { offset: integer }", "'none'");
  }
  if (options.align && align_offset != problem.offset) {
    refuse(ErrorCode::INVALID_ARGUMENT, "align", "the offset of causal, " + std::to_string(problem.offset),
           std::to_string(align_offset));
  }

  const Window window = options.window.value_or(Window{});
  check_window(window);
  const int64_t left = reach(window.left);
  const int64_t right = causal ? 0 : reach(window.right);
  problem.band.lo = clamp_to_band(left == kFar ? -kFar : problem.offset - left);
  problem.band.hi = clamp_to_band(right == kFar ? kFar : problem.offset + right);
  problem.band.keys = static_cast<int>(problem.key_length);

  if (causal) use(problem, Feature::causal);
  if (options.align) use(problem, Feature::align);
  if (options.window) use(problem, Feature::window);
  if (options.scale) use(problem, Feature::scale);
  if (options.layout != Layout::bhld) use(problem, Feature::layout);
}

}  // namespace fa
