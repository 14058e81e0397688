// Works that forward.cc, decode.cc and backward.cc build, run on the software device.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "metal/backward.h"
#include "metal/forward.h"
#include "metal/metal_plan.h"

using namespace fa;
using namespace fa::metal;

namespace {

void expect(bool truth, const std::string& what) {
  if (truth) return;
  std::printf("failed: %s\n", what.c_str());
  std::exit(1);
}

constexpr int64_t kHeads = 6, kKvHeads = 3, kQueries = 40, kKeys = 70, kWidth = 32;

/// Float32 memory, shape and values of one tensor.
struct Floats {
  std::vector<float> values;
  Tensor tensor;

  Floats(std::initializer_list<int64_t> shape, uint32_t seed) {
    tensor.rank = static_cast<int>(shape.size());
    std::copy(shape.begin(), shape.end(), tensor.shape.begin());
    pack_strides(tensor);
    tensor.bytes = static_cast<size_t>(span_bytes(tensor).value());
    values.resize(tensor.bytes / sizeof(float));
    for (float& value : values) {
      seed = seed * 1664525u + 1013904223u;
      value = static_cast<float>(seed) / 2147483648.0f - 1.0f;
    }
    tensor.data = reinterpret_cast<std::byte*>(values.data());
  }
};

struct Example {
  Floats q{{1, kHeads, kQueries, kWidth}, 1}, k{{1, kKvHeads, kKeys, kWidth}, 2},
      v{{1, kKvHeads, kKeys, kWidth}, 3};
  Floats out{{1, kHeads, kQueries, kWidth}, 4}, lse{{1, kHeads, kQueries}, 5},
      stats{{2, 1, kHeads, kQueries}, 6};
  Floats d_out{{1, kHeads, kQueries, kWidth}, 7};
  Floats dq{{1, kHeads, kQueries, kWidth}, 8}, dk{{1, kKvHeads, kKeys, kWidth}, 9},
      dv{{1, kKvHeads, kKeys, kWidth}, 10};

  AttentionInputs inputs() const {
    AttentionInputs inputs;
    inputs.q = q.tensor;
    inputs.k = k.tensor;
    inputs.v = v.tensor;
    return inputs;
  }

  ForwardCall forward() const {
    ForwardCall call;
    call.inputs = inputs();
    call.out = out.tensor;
    call.lse = lse.tensor;
    call.softmax_stats = stats.tensor;
    return call;
  }

  BackwardCall backward() const {
    BackwardCall call;
    call.inputs = inputs();
    call.out = out.tensor;
    call.lse = lse.tensor;
    call.softmax_stats = stats.tensor;
    call.d_out = d_out.tensor;
    call.dq = dq.tensor;
    call.dk = dk.tensor;
    call.dv = dv.tensor;
    return call;
  }
};

Problem problem_of(const Example& example, Direction direction, const char* kernel) {
  AttentionOptions options;
  options.causal.diagonal = Diagonal::bottomRight;
  options.kernel = kernel;
  return describe(example.inputs(), options, direction);
}

MetalPlan plan_of(const Problem& problem, const Capabilities& device) {
  auto outcome = plan_metal(problem, device);
  if (const auto* refused = std::get_if<Refusal>(&outcome)) expect(false, refused->reason);
  return std::get<MetalPlan>(std::move(outcome));
}

/// Stages never go back, and what a stage waits for was written in an earlier one.
void check_stages(const Work& work) {
  int stage = 0;
  for (const Dispatch& dispatch : work.dispatches) {
    expect(dispatch.stage == stage || dispatch.stage == stage + 1, "stages rise one by one");
    expect(dispatch.tasks > 0 && dispatch.multiply_adds > 0, "work to do");
    stage = dispatch.stage;
  }
}

std::vector<float> gradients(Example& example, Gpu& gpu, const char* kernel, const Capabilities& device) {
  const Problem problem = problem_of(example, Direction::backward, kernel);
  const Work work = backward_work(problem, plan_of(problem, device), device, example.backward());
  check_stages(work);
  for (Floats* gradient : {&example.dq, &example.dk, &example.dv}) {
    std::fill(gradient->values.begin(), gradient->values.end(), 99.0f);
  }
  gpu.run(work);
  std::vector<float> all;
  for (const Floats* gradient : {&example.dq, &example.dk, &example.dv}) {
    all.insert(all.end(), gradient->values.begin(), gradient->values.end());
  }
  return all;
}

void run_forward(Example& example, Gpu& gpu) {
  const Problem problem = problem_of(example, Direction::forward, "metal-forward");
  const Capabilities& device = gpu.capabilities();
  const Work work = forward_work(problem, plan_of(problem, device), device, example.forward());
  check_stages(work);
  gpu.run(work);
}

bool same(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0;
}

/// dS of all heads at once, and of two, four and six at a time: the same gradients to the bit.
void chunks_change_nothing(Gpu& gpu) {
  Example example;
  run_forward(example, gpu);
  const char* kernel = "metal-backward-stored";
  const std::vector<float> whole = gradients(example, gpu, kernel, gpu.capabilities());
  const Problem problem = problem_of(example, Direction::backward, kernel);
  const int64_t group_bytes = 2 * d_scores_bytes(problem);
  for (int64_t groups = 1; groups <= kKvHeads; ++groups) {
    Capabilities small = gpu.capabilities();
    small.max_buffer_bytes = std::max<int64_t>(groups * group_bytes, kHeads * kQueries * kWidth * 4);
    const int64_t fitting = small.max_buffer_bytes / group_bytes;
    const MetalPlan plan = plan_of(problem, small);
    expect(plan.heads_at_once <= 2 * fitting, "no more heads than fit");
    expect(groups < kKvHeads || plan.heads_at_once == kHeads, "all where all fit");
    expect(groups > 1 || plan.heads_at_once < kHeads, "fewer where they do not");
    expect(same(gradients(example, gpu, kernel, small), whole), "chunks of heads give the same bits");
  }
}

/// A problem's pipelines are made ahead of time from shapes alone.
void nothing_is_needed_to_warm_up(Gpu& gpu) {
  Example example;
  for (Floats* floats : {&example.q, &example.k, &example.v, &example.out, &example.lse, &example.stats}) {
    floats->tensor.data = nullptr;
    floats->tensor.bytes = 0;
  }
  const Problem problem = problem_of(example, Direction::forward, "metal-forward");
  gpu.warm_up(
      forward_work(problem, plan_of(problem, gpu.capabilities()), gpu.capabilities(), example.forward()));
}

}  // namespace

int main() {
  DeviceConfig config;
  config.device = DeviceChoice::software;
  const auto gpu = open_gpu(config);
  nothing_is_needed_to_warm_up(*gpu);
  chunks_change_nothing(*gpu);
  std::printf("ok\n");
}
