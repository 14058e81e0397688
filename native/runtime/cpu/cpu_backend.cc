#include "cpu/cpu_backend.h"

#include <algorithm>
#include <vector>

#include "cpu/call_threads.h"
#include "cpu/cpu_plan.h"
#include "cpu/instruction_set.h"
#include "cpu/processors.h"
#include "cpu/thread_pool.h"
#include "error.h"
#include "generated/limits.h"
#include "generated/version.h"
#include "sequences.h"

namespace fa {

namespace {

/// A [B, H, L, D] tensor in either layout, or packed [T, H, D].
cpu::Rows rows_of(const Tensor& tensor, const Problem& problem) {
  if (problem.packed()) return {tensor.data, 0, tensor.strides[1], tensor.strides[0]};
  const int head = problem.layout == Layout::bhld ? 1 : 2;
  const int row = problem.layout == Layout::bhld ? 2 : 1;
  return {tensor.data, tensor.strides[0], tensor.strides[head], tensor.strides[row]};
}

/// k or v: as rows_of, or a pool [pages, pageSize, Hkv, D] whatever the layout.
cpu::Rows key_rows_of(const Tensor& tensor, const Problem& problem) {
  if (problem.page_size == 0) return rows_of(tensor, problem);
  return {tensor.data, tensor.strides[0], tensor.strides[2], tensor.strides[1]};
}

cpu::ScoreRows score_rows_of(const std::optional<Tensor>& tensor) {
  if (!tensor) return {};
  const auto stride = [&](int axis) { return tensor->shape[axis] == 1 ? 0 : tensor->strides[axis]; };
  return {tensor->data, stride(0), stride(1), stride(2)};
}

template <typename T>
T* data_of(const std::optional<Tensor>& tensor) {
  return tensor ? reinterpret_cast<T*>(tensor->data) : nullptr;
}

float* floats_of(const std::optional<Tensor>& tensor) { return data_of<float>(tensor); }

cpu::Element bias_element(const std::optional<Tensor>& bias) {
  if (!bias || bias->dtype == DType::float32) return cpu::Element::float32;
  return bias->dtype == DType::float16 ? cpu::Element::float16 : cpu::Element::bfloat16;
}

/// [B, Hkv, Lk], or [pages, pageSize, Hkv].
cpu::RowScales scales_of(const std::optional<Tensor>& scale, const Problem& problem) {
  if (!scale) return {};
  const bool paged = problem.page_size > 0;
  return {floats_of(scale), scale->strides[0], scale->strides[paged ? 2 : 1], scale->strides[paged ? 1 : 2]};
}

void bind_rotation(const AttentionInputs& inputs, cpu::Rotation& rotation) {
  if (rotation.pairs == 0) return;
  rotation.cos = floats_of(inputs.rope_cos);
  rotation.sin = floats_of(inputs.rope_sin);
  rotation.cos_row = inputs.rope_cos->strides[0];
  rotation.sin_row = inputs.rope_sin->strides[0];
  rotation.positions_q = data_of<const int32_t>(inputs.positions_q);
  rotation.positions_k = data_of<const int32_t>(inputs.positions_k);
  const auto batch = [](const std::optional<Tensor>& positions) {
    return positions && positions->rank == 2 ? positions->strides[0] : 0;
  };
  rotation.positions_q_batch = batch(inputs.positions_q);
  rotation.positions_k_batch = batch(inputs.positions_k);
}

/// What enters the scores beside q and k.
void bind_scores(const AttentionInputs& inputs, cpu::Attention& attention) {
  attention.mask = score_rows_of(inputs.mask);
  attention.bias = score_rows_of(inputs.bias);
  attention.bias_element = bias_element(inputs.bias);
  attention.alibi_slopes = floats_of(inputs.alibi_slopes);
  if (inputs.alibi_slopes && inputs.alibi_slopes->rank == 2)
    attention.alibi_batch = inputs.alibi_slopes->strides[0];
  attention.sinks = floats_of(inputs.sinks);
}

/// What forward and backward share. `sequences` must outlive the result.
template <typename Call>
cpu::Attention bind(const Problem& problem, const Call& call, const std::vector<Sequence>& sequences) {
  const AttentionInputs& inputs = call.inputs;
  cpu::Attention attention = attention_of(problem);
  attention.sequences = sequences.data();
  attention.q = rows_of(inputs.q, problem);
  attention.k = key_rows_of(inputs.k, problem);
  attention.v = key_rows_of(inputs.v, problem);
  attention.out = rows_of(call.out, problem);
  if (inputs.block_table) {
    attention.storage.pages = data_of<const int32_t>(inputs.block_table);
    attention.storage.pages_batch = inputs.block_table->strides[0];
  }
  attention.k_scale = scales_of(inputs.k_scale, problem);
  attention.v_scale = scales_of(inputs.v_scale, problem);
  bind_scores(inputs, attention);
  bind_rotation(inputs, attention.rotation);
  if (float* stats = floats_of(call.softmax_stats)) {
    const auto [batch, heads, length] = output_shapes(problem).lse;
    attention.row_max = stats;
    attention.row_sum = stats + batch * heads * length;
  }
  return attention;
}

/// The gradients of options, which callers leave out that do not want them.
void bind_option_gradients(const BackwardCall& call, cpu::AttentionGradients& gradients) {
  gradients.d_bias = floats_of(call.d_bias);
  if (call.d_bias) std::copy_n(call.d_bias->shape.begin(), 4, gradients.bias_shape);
  gradients.d_alibi_slopes = floats_of(call.d_alibi_slopes);
  gradients.d_sinks = floats_of(call.d_sinks);
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

  void forward(const Problem& problem, const Plan& plan, const ForwardCall& call) override {
    const std::vector<Sequence> sequences = sequences_of(problem, call.inputs);
    cpu::Attention attention = bind(problem, call, sequences);
    attention.lse = floats_of(call.lse);
    CallThreads threads(pool_, call.threads);
    const auto run = is_cpu_decode(plan) ? kernels_.decode : kernels_.forward;
    run(attention, threads.executor());
  }

  void backward(const Problem& problem, const Plan&, const BackwardCall& call) override {
    cpu::AttentionGradients gradients{};
    const std::vector<Sequence> sequences = sequences_of(problem, call.inputs);
    gradients.forward = bind(problem, call, sequences);
    gradients.forward.lse = reinterpret_cast<float*>(call.lse.data);
    gradients.d_out = rows_of(call.d_out, problem);
    gradients.d_lse = floats_of(call.d_lse);
    gradients.dq = rows_of(call.dq, problem);
    gradients.dk = rows_of(call.dk, problem);
    gradients.dv = rows_of(call.dv, problem);
    bind_option_gradients(call, gradients);
    CallThreads threads(pool_, call.threads);
    kernels_.backward(gradients, threads.executor());
  }

 private:
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
