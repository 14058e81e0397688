#include "cpu/cpu_plan.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "dropout_params.h"
#include "generated/cpu_kernels.h"
#include "generated/limits.h"
#include "missing_feature.h"

namespace fa {

namespace {

constexpr BackendFeatures kFeatures{"cpu", kCpuForwardFeatures, kCpuBackwardFeatures, kCpuGradients};

/// The kernel for few query rows: it reads keys and values once for a whole group of heads.
constexpr const char* kDecode = "cpu-decode";

bool is_decode(const CpuKernelRow& row) { return row.name == std::string_view(kDecode); }

/// Packed sequences are judged by their mean, because their lengths are not known yet.
bool has_few_rows(const Problem& problem) {
  const int64_t sequences = problem.packed() ? std::max<int64_t>(problem.batch, 1) : 1;
  return problem.query_length <= kMaxCpuDecodeLength * sequences;
}

const CpuKernelRow* find_kernel(const Problem& problem) {
  const bool backward = problem.direction == Direction::backward;
  const bool decode = !backward && has_few_rows(problem);
  for (const CpuKernelRow& row : kCpuKernels) {
    if (row.backward != backward) continue;
    if (problem.kernel.empty() ? is_decode(row) == decode : problem.kernel == row.name) return &row;
  }
  return nullptr;
}

/// Tensors in use. Their presence alone counts here; a plan is made before there is any memory.
void mark_present(const Problem& problem, cpu::AttentionGradients& gradients) {
  static constexpr float kFloat = 0;
  static constexpr int32_t kIndex = 0;
  static float written = 0;
  cpu::Attention& attention = gradients.forward;
  if (problem.has(Feature::mask)) attention.mask.data = &kFloat;
  if (problem.has(Feature::bias)) attention.bias.data = &kFloat;
  if (problem.has(Feature::alibi_slopes)) attention.alibi_slopes = &kFloat;
  if (problem.has(Feature::sinks)) attention.sinks = &kFloat;
  if (problem.has(Feature::block_table)) attention.storage.pages = &kIndex;
  if (problem.has(Feature::k_scale)) attention.k_scale.data = &kFloat;
  if (problem.has(Feature::v_scale)) attention.v_scale.data = &kFloat;
  const auto wanted = [&](Feature feature) { return (problem.gradients & feature_bit(feature)) != 0; };
  if (wanted(Feature::bias)) gradients.d_bias = &written;
  std::copy(problem.bias_shape.begin(), problem.bias_shape.end(), gradients.bias_shape);
  if (wanted(Feature::alibi_slopes)) gradients.d_alibi_slopes = &written;
  if (wanted(Feature::sinks)) gradients.d_sinks = &written;
}

/// Fills what the kernels themselves decide, from the shape.
void ask_kernels(const Problem& problem, const cpu::Kernels& kernels, int threads, Plan& plan) {
  cpu::AttentionGradients gradients{};
  const cpu::Attention& forward = gradients.forward = attention_of(problem);
  mark_present(problem, gradients);
  cpu::Blocks blocks{};
  if (problem.direction == Direction::backward) {
    blocks = kernels.backward_blocks(gradients);
    plan.scratch_bytes = kernels.backward_scratch(gradients, threads);
  } else if (is_cpu_decode(plan)) {
    blocks = kernels.decode_blocks(forward);
    plan.scratch_bytes = kernels.decode_scratch(forward, threads);
  } else {
    blocks = kernels.forward_blocks(forward);
    plan.scratch_bytes = kernels.forward_scratch(forward, threads);
  }
  plan.tiles = {{"queryBlock", blocks.query_block}, {"keyBlock", blocks.key_block}, {"lanes", kernels.lanes}};
  plan.tasks = blocks.tasks;
}

cpu::Element element_of(DType dtype) {
  switch (dtype) {
    case DType::float16:
      return cpu::Element::float16;
    case DType::bfloat16:
      return cpu::Element::bfloat16;
    default:
      return cpu::Element::float32;
  }
}

}  // namespace

cpu::Attention attention_of(const Problem& problem) {
  cpu::Attention attention{};
  attention.element = element_of(problem.dtype);
  attention.bias_element = attention.element;
  attention.batch = problem.batch;
  attention.query_heads = problem.query_heads;
  attention.kv_heads = problem.kv_heads;
  attention.query_length = problem.query_length;
  attention.key_length = problem.key_length;
  attention.head_dim = problem.head_dim;
  attention.value_dim = problem.value_dim;
  attention.scale = problem.scale;
  attention.packed = problem.packed();
  attention.softcap = problem.softcap;
  attention.dropout = dropout_params(problem.dropout);
  attention.rotation.pairs = static_cast<int>(problem.rotary_pairs);
  attention.rotation.interleaved = problem.rope_style == RopeStyle::interleaved;
  attention.storage.page_size = problem.page_size;
  attention.row_head = problem.query_length;
  attention.row_batch = problem.packed() ? 0 : problem.query_heads * problem.query_length;
  return attention;
}

bool is_cpu_decode(const Plan& plan) { return plan.kernel == kDecode; }

std::variant<Plan, Refusal> plan_cpu(const Problem& problem, const cpu::Kernels& kernels, int threads) {
  if (const auto refused = missing_feature(problem, kFeatures)) return *refused;
  const CpuKernelRow* row = find_kernel(problem);
  if (row == nullptr) {
    return Refusal{ErrorCode::UNSUPPORTED, "kernel",
                   std::string("expected a ") + to_string(problem.direction) +
                       " kernel of the cpu backend, got '" + problem.kernel + "'"};
  }
  Plan plan;
  plan.backend = "cpu";
  plan.kernel = row->name;
  ask_kernels(problem, kernels, threads, plan);
  plan.why = std::string(row->says) + "; " + kernels.isa + (problem.kernel.empty() ? "" : "; forced by name");
  return plan;
}

}  // namespace fa
