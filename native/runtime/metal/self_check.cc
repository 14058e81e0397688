#include "metal/self_check.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <limits>
#include <mutex>
#include <tuple>

#include "error.h"
#include "metal/once_map.h"
#include "metal/sample_call.h"

namespace fa::metal {

namespace {

/// Sixteen roundings, and for float32 what fast exponentials cost: far below what a wrong element would be.
double bound_of(DType dtype) {
  constexpr double kRoundings = 16;
  if (dtype == DType::float16) return kRoundings * 0x1p-11;
  if (dtype == DType::bfloat16) return kRoundings * 0x1p-8;
  return 1e-5;
}

/// Largest difference, relative to the largest element expected.
double deviation(const std::vector<float>& measured, const std::vector<float>& expected) {
  double largest = 0, worst = 0;
  for (size_t index = 0; index < expected.size(); ++index) {
    const double difference = std::abs(static_cast<double>(measured[index]) - expected[index]);
    if (!std::isfinite(difference)) return std::numeric_limits<double>::infinity();
    worst = std::max(worst, difference);
    largest = std::max(largest, std::abs(static_cast<double>(expected[index])));
  }
  return largest == 0 ? worst : worst / largest;
}

/// Without streams: they would bring half a megabyte of locales along.
std::string number_text(double value) {
  char text[32];
  std::snprintf(text, sizeof text, "%g", value);
  return text;
}

/// The name that makes a small problem run on the kernels of a plan: how few keys are split has to be said.
std::string forced_name(const Plan& plan) {
  const auto is_splits = [](const auto& tile) { return tile.first == "splits"; };
  const auto splits = std::find_if(plan.tiles.begin(), plan.tiles.end(), is_splits);
  if (splits == plan.tiles.end()) return plan.kernel;
  return plan.kernel.substr(0, plan.kernel.find('@')) + (splits->second > 1 ? "@2" : "@1");
}

/// What tells the compiled kernels of two plans apart, as far as plans say it.
std::string variants_of(const Plan& plan) {
  std::string names = forced_name(plan);
  for (const auto& [name, size] : plan.tiles) names += " " + name;
  return names;
}

class CheckedBackend final : public Backend {
 public:
  CheckedBackend(std::unique_ptr<Backend> gpu, std::unique_ptr<Backend> reference)
      : gpu_(std::move(gpu)), reference_(std::move(reference)) {}

  DeviceInfo info() const override {
    DeviceInfo info = gpu_->info();
    const std::lock_guard lock(mutex_);
    info.kernel_checks = done_;
    return info;
  }

  std::variant<Plan, Refusal> plan(const Problem& problem) const override { return gpu_->plan(problem); }

  std::vector<KernelCost> costs(const Problem& problem) const override { return gpu_->costs(problem); }

  void forward(const Problem& problem, const Plan& plan, const ForwardCall& call) override {
    require(problem, plan);
    gpu_->forward(problem, plan, call);
  }

  void backward(const Problem& problem, const Plan& plan, const BackwardCall& call) override {
    require(problem, plan);
    gpu_->backward(problem, plan, call);
  }

  void warm_up(const Problem& problem, const Plan& plan) override {
    gpu_->warm_up(problem, plan);
    require(problem, plan);
  }

 private:
  using Key = std::tuple<std::string, DType, int64_t, int64_t, uint32_t, uint32_t>;

  void require(const Problem& problem, const Plan& plan) {
    const Key key{variants_of(plan),          problem.dtype,    problem.head_dim, problem.value_dim,
                  compiled_features(problem), problem.gradients};
    const KernelCheck& found = checks_.get(key, [&] { return check(problem, plan); });
    if (!found.passed) refuse_kernel(found);
  }

  KernelCheck check(const Problem& problem, const Plan& plan) {
    SampleCall expected(problem), measured(problem);
    if (problem.direction == Direction::backward) {
      expected.run(*reference_, Direction::forward, "");
      measured.take_forward_from(expected);
    }
    expected.run(*reference_, problem.direction, "");
    measured.run(*gpu_, problem.direction, forced_name(plan));
    KernelCheck result{plan.kernel, problem.dtype, problem.head_dim, problem.value_dim};
    const auto ours = measured.results(problem.direction), theirs = expected.results(problem.direction);
    for (size_t index = 0; index < ours.size(); ++index) {
      result.deviation = std::max(result.deviation, deviation(ours[index], theirs[index]));
    }
    result.bound = bound_of(problem.dtype);
    result.passed = result.deviation <= result.bound;
    const std::lock_guard lock(mutex_);
    done_.push_back(result);
    return result;
  }

  [[noreturn]] static void refuse_kernel(const KernelCheck& check) {
    const std::string sizes = std::string(to_string(check.dtype)) + ", D " + std::to_string(check.head_dim) +
                              ", Dv " + std::to_string(check.value_dim);
    refuse(ErrorCode::INTERNAL, "kernel",
           check.kernel + " (" + sizes + ") to agree with the cpu backend within " + number_text(check.bound),
           "a deviation of " + number_text(check.deviation) +
               " on this GPU; the kernel is not used: please report it, and set FA_METAL_BACKEND=cpu");
  }

  const std::unique_ptr<Backend> gpu_, reference_;
  OnceMap<Key, KernelCheck> checks_;
  mutable std::mutex mutex_;
  std::vector<KernelCheck> done_;
};

}  // namespace

std::unique_ptr<Backend> with_self_check(std::unique_ptr<Backend> gpu, std::unique_ptr<Backend> reference) {
  return std::make_unique<CheckedBackend>(std::move(gpu), std::move(reference));
}

}  // namespace fa::metal
