#include "cpu/cpu_backend.h"

#include <algorithm>

#include "cpu/cpu_plan.h"
#include "cpu/instruction_set.h"
#include "cpu/processors.h"
#include "cpu/thread_pool.h"
#include "error.h"
#include "generated/limits.h"
#include "generated/version.h"

namespace fa {

namespace {

/// Axes of a [B, H, L, D] tensor in either layout.
cpu::Rows rows_of(const Tensor& tensor, Layout layout) {
  const int head = layout == Layout::bhld ? 1 : 2;
  const int row = layout == Layout::bhld ? 2 : 1;
  return {tensor.data, tensor.strides[0], tensor.strides[head], tensor.strides[row]};
}

cpu::ScoreRows score_rows_of(const std::optional<Tensor>& tensor) {
  if (!tensor) return {};
  const auto stride = [&](int axis) { return tensor->shape[axis] == 1 ? 0 : tensor->strides[axis]; };
  return {tensor->data, stride(0), stride(1), stride(2)};
}

float* floats_of(const std::optional<Tensor>& tensor) {
  return tensor ? reinterpret_cast<float*>(tensor->data) : nullptr;
}

cpu::Element bias_element(const std::optional<Tensor>& bias) {
  if (!bias || bias->dtype == DType::float32) return cpu::Element::float32;
  return bias->dtype == DType::float16 ? cpu::Element::float16 : cpu::Element::bfloat16;
}

/// What forward and backward share.
template <typename Call>
cpu::Attention bind(const Problem& problem, const Call& call) {
  cpu::Attention attention = attention_of(problem);
  attention.q = rows_of(call.inputs.q, problem.layout);
  attention.k = rows_of(call.inputs.k, problem.layout);
  attention.v = rows_of(call.inputs.v, problem.layout);
  attention.out = rows_of(call.out, problem.layout);
  attention.mask = score_rows_of(call.inputs.mask);
  attention.bias = score_rows_of(call.inputs.bias);
  attention.bias_element = bias_element(call.inputs.bias);
  if (float* stats = floats_of(call.softmax_stats)) {
    attention.row_max = stats;
    attention.row_sum = stats + problem.batch * problem.query_heads * problem.query_length;
  }
  return attention;
}

class CpuBackend final : public Backend {
 public:
  CpuBackend(const cpu::Kernels& kernels, int threads) : kernels_(kernels), pool_(threads) {
    info_.backend = "cpu";
    info_.name = processor_name();
    info_.isa = kernels_.isa;
    info_.threads = pool_.threads();
    info_.version = kVersion;
  }

  DeviceInfo info() const override { return info_; }

  std::variant<Plan, Refusal> plan(const Problem& problem) const override {
    return plan_cpu(problem, kernels_, pool_.threads());
  }

  void forward(const Problem& problem, const Plan&, const ForwardCall& call) override {
    cpu::Attention attention = bind(problem, call);
    attention.lse = floats_of(call.lse);
    kernels_.forward(attention, executor());
  }

  void backward(const Problem& problem, const Plan&, const BackwardCall& call) override {
    cpu::AttentionGradients gradients{};
    gradients.forward = bind(problem, call);
    gradients.forward.lse = reinterpret_cast<float*>(call.lse.data);
    gradients.d_out = rows_of(call.d_out, problem.layout);
    gradients.d_lse = floats_of(call.d_lse);
    gradients.dq = rows_of(call.dq, problem.layout);
    gradients.dk = rows_of(call.dk, problem.layout);
    gradients.dv = rows_of(call.dv, problem.layout);
    kernels_.backward(gradients, executor());
  }

 private:
  cpu::Executor executor() {
    return {&pool_, pool_.threads(), [](void* self, int64_t tasks, ThreadPool::Task task, void* context) {
              static_cast<ThreadPool*>(self)->run(tasks, task, context);
            }};
  }

  const cpu::Kernels& kernels_;
  ThreadPool pool_;
  DeviceInfo info_;
};

int thread_count(int asked) {
  if (asked == 0) return static_cast<int>(std::min<int64_t>(usable_cores(), kMaxSoftwareThreads));
  if (asked < 0 || asked > kMaxSoftwareThreads) {
    refuse(ErrorCode::INVALID_ARGUMENT, "threads", "0 to " + std::to_string(kMaxSoftwareThreads),
           std::to_string(asked));
  }
  return asked;
}

}  // namespace

std::unique_ptr<Backend> open_cpu_backend(const DeviceConfig& config) {
  if (config.device == DeviceChoice::software) {
    refuse(ErrorCode::BACKEND_UNAVAILABLE, "device", "'system', the only device of the cpu backend",
           "'software'");
  }
  const int threads = thread_count(config.threads);
  return std::make_unique<CpuBackend>(choose_kernels(config.isa), threads);
}

}  // namespace fa
