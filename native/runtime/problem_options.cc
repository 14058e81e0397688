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

/// The offset, or that it is bottom-right, which depends on the lengths.
BandRule rule_of(const Alignment& alignment) {
  switch (alignment.diagonal) {
    case Diagonal::topLeft:
      return {0, 0, 0, kFar, kFar};
    case Diagonal::offset:
      return {std::clamp(alignment.offset, -kFar, kFar), 0, 0, kFar, kFar};
    case Diagonal::bottomRight:
    case Diagonal::none:
      break;
  }
  return {0, 1, 0, kFar, kFar};
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
    problem.softcap = softcap;
    use(problem, Feature::softcap);
  }
  if (options.dropout) {
    const double rate = options.dropout->rate;
    if (!(rate >= 0 && rate < 1)) {
      refuse(ErrorCode::INVALID_ARGUMENT, "dropout", "a rate of at least 0 and below 1", number_text(rate));
    }
    if (rate > 0) use(problem, Feature::dropout);
    problem.dropout = *options.dropout;
  }
}

void check_alignment(const Problem& problem, int queries, int keys) {
  const int64_t offset = diagonal_offset(problem.rule, queries, keys);
  if (problem.align) {
    const int64_t other = diagonal_offset(*problem.align, queries, keys);
    if (other != offset) {
      refuse(ErrorCode::INVALID_ARGUMENT, "align", "the offset of causal, " + std::to_string(offset),
             std::to_string(other));
    }
  }
  if (problem.has(Feature::alibi_slopes) && (offset < -kUnbounded || offset > kUnbounded)) {
    refuse(ErrorCode::UNSUPPORTED, problem.rule.causal ? "causal" : "align",
           "with alibiSlopes an offset of at most " + std::to_string(kUnbounded) + " in size",
           std::to_string(offset));
  }
}

void read_visibility(const AttentionOptions& options, Problem& problem) {
  const bool causal = options.causal.diagonal != Diagonal::none;
  const BandRule align = rule_of(options.align.value_or(Alignment{Diagonal::bottomRight, 0}));
  problem.rule = causal ? rule_of(options.causal) : align;
  problem.rule.causal = causal;
  if (options.align && options.align->diagonal == Diagonal::none) {
    refuse(ErrorCode::INVALID_ARGUMENT, "align", "'topLeft', 'bottomRight' or { offset: integer }", "'none'");
  }
  // Sequences of lengths of their own are compared one by one, once the lengths are known.
  if (options.align) problem.align = align;
  if (!problem.ragged()) {
    check_alignment(problem, static_cast<int>(problem.query_length), static_cast<int>(problem.key_length));
  }

  const Window window = options.window.value_or(Window{});
  check_window(window);
  problem.rule.left = reach(window.left);
  problem.rule.right = reach(window.right);
  problem.band =
      fold_band(problem.rule, static_cast<int>(problem.query_length), static_cast<int>(problem.key_length));

  if (causal) use(problem, Feature::causal);
  if (options.align) use(problem, Feature::align);
  if (options.window) use(problem, Feature::window);
  if (options.scale) use(problem, Feature::scale);
  if (options.layout != Layout::bhld) use(problem, Feature::layout);
}

}  // namespace fa
