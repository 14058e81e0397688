#include "metal/metal_backend.h"

#include <algorithm>

#include "cpu/cpu_backend.h"
#include "generated/version.h"
#include "metal/backward.h"
#include "metal/forward.h"
#include "metal/gpu.h"
#include "metal/gpu_settings.h"
#include "metal/metal_plan.h"
#include "metal/plan_cost.h"
#include "metal/self_check.h"
#include "metal/shape_calls.h"

namespace fa {

namespace {

using metal::Gpu;
using metal::MetalPlan;
using metal::Work;

class MetalBackend final : public Backend {
 public:
  explicit MetalBackend(std::unique_ptr<Gpu> gpu) : gpu_(std::move(gpu)) {}

  DeviceInfo info() const override {
    const metal::Capabilities& device = gpu_->capabilities();
    DeviceInfo info;
    info.backend = "metal";
    info.name = device.name;
    info.software = device.software;
    info.family = "apple" + std::to_string(device.family);
    info.version = kVersion;
    return info;
  }

  std::variant<Plan, Refusal> plan(const Problem& problem) const override {
    auto outcome = metal::plan_metal(problem, gpu_->capabilities());
    if (auto* refusal = std::get_if<Refusal>(&outcome)) return *std::move(refusal);
    return printed(std::get<MetalPlan>(outcome), problem);
  }

  std::vector<KernelCost> costs(const Problem& problem) const override {
    return metal::plan_costs(problem, chosen(problem), gpu_->capabilities());
  }

  void forward(const Problem& problem, const Plan&, const ForwardCall& call) override {
    run(work_of(problem, call));
  }

  void backward(const Problem& problem, const Plan&, const BackwardCall& call) override {
    run(work_of(problem, call));
  }

  void warm_up(const Problem& problem, const Plan&) override {
    const bool forward = problem.direction == Direction::forward;
    gpu_->warm_up(forward ? work_of(problem, metal::forward_shapes(problem))
                          : work_of(problem, metal::backward_shapes(problem)));
  }

 private:
  /// Planning is pure, so this is the plan that was printed.
  MetalPlan chosen(const Problem& problem) const {
    auto outcome = metal::plan_metal(problem, gpu_->capabilities());
    if (const auto* refusal = std::get_if<Refusal>(&outcome)) raise(*refusal);
    return std::get<MetalPlan>(std::move(outcome));
  }

  Work work_of(const Problem& problem, const ForwardCall& call) const {
    return forward_work(problem, chosen(problem), gpu_->capabilities(), call);
  }

  Work work_of(const Problem& problem, const BackwardCall& call) const {
    return backward_work(problem, chosen(problem), gpu_->capabilities(), call);
  }

  /// Where no task is left, nothing is to be written either.
  void run(const Work& work) {
    const auto has_tasks = [](const metal::Dispatch& dispatch) { return dispatch.tasks > 0; };
    if (std::any_of(work.dispatches.begin(), work.dispatches.end(), has_tasks)) gpu_->run(work);
  }

  const std::unique_ptr<Gpu> gpu_;
};

}  // namespace

std::string metal_unavailable(const DeviceConfig& config) { return metal::gpu_unavailable(config); }

std::unique_ptr<Backend> open_metal_backend(const DeviceConfig& config) {
  const bool checks = metal::self_check_setting(config.device == DeviceChoice::software);
  auto backend = std::make_unique<MetalBackend>(metal::open_gpu(config));
  if (!checks) return backend;
  DeviceConfig cpu;
  cpu.threads = 1;
  return metal::with_self_check(std::move(backend), open_cpu_backend(cpu));
}

}  // namespace fa
