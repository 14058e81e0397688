// The check of kernels at their first use, on backends that write what they are told to.
#include "metal/self_check.h"

#include <atomic>
#include <bit>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <limits>
#include <optional>
#include <thread>
#include <utility>

#include "error.h"
#include "metal/sample_call.h"

namespace {

using fa::DType;

void expect(bool truth, const std::string& what) {
  if (truth) return;
  std::printf("failed: %s\n", what.c_str());
  std::exit(1);
}

/// Fills every output with one value; counts its calls.
class Constant final : public fa::Backend {
 public:
  explicit Constant(float value) : value_(value) {}

  fa::DeviceInfo info() const override { return {}; }
  std::variant<fa::Plan, fa::Refusal> plan(const fa::Problem& problem) const override {
    fa::Plan plan;
    plan.kernel = problem.kernel;
    last_forced = problem.kernel;
    return plan;
  }
  void forward(const fa::Problem&, const fa::Plan&, const fa::ForwardCall& call) override {
    ++calls;
    if (keeps_inputs.exchange(false)) last_inputs = call.inputs;
    if (throws.exchange(false)) throw fa::Error(fa::ErrorCode::OUT_OF_MEMORY, "device", "no room");
    write(call.out, value_);
    if (call.lse) write(*call.lse, 1);
  }
  void backward(const fa::Problem&, const fa::Plan&, const fa::BackwardCall& call) override {
    ++calls;
    write(call.dq, 1);
    write(call.dk, 1);
    write(call.dv, value_);
  }

  std::atomic<int> calls{0};
  std::atomic<bool> throws{false};
  std::atomic<bool> keeps_inputs{false};
  fa::AttentionInputs last_inputs;  ///< of the first forward call after keeps_inputs was set
  mutable std::string last_forced;

 private:
  static void write(const fa::Tensor& tensor, float value) {
    const uint32_t bits = std::bit_cast<uint32_t>(value);
    const uint16_t half = tensor.dtype == DType::bfloat16 ? static_cast<uint16_t>(bits >> 16)
                          : value == 1                    ? 0x3c00
                                                          : 0x3e00;  // 1.5
    const size_t size = static_cast<size_t>(fa::element_size(tensor.dtype));
    for (size_t at = 0; at < tensor.bytes; at += size) {
      std::memcpy(tensor.data + at, size == 4 ? static_cast<const void*>(&value) : &half, size);
    }
  }

  const float value_;
};

fa::Problem problem_of(DType dtype, fa::Direction direction = fa::Direction::forward) {
  fa::Problem problem;
  problem.direction = direction;
  problem.dtype = dtype;
  problem.batch = 2;
  problem.query_heads = 4;
  problem.kv_heads = 2;
  problem.query_length = 500;
  problem.key_length = 500;
  problem.head_dim = 64;
  problem.value_dim = 32;
  return problem;
}

struct Checked {
  explicit Checked(float value) {
    auto constant = std::make_unique<Constant>(value);
    gpu = constant.get();
    backend = fa::metal::with_self_check(std::move(constant), std::make_unique<Constant>(1.0f));
  }

  void call(const fa::Problem& problem) {
    fa::Plan plan;
    if (problem.direction == fa::Direction::forward) {
      plan.kernel = "metal-forward";
      backend->forward(problem, plan, {});
    } else {
      plan.kernel = "metal-backward";
      backend->backward(problem, plan, {});
    }
  }

  Constant* gpu;
  std::unique_ptr<fa::Backend> backend;
};

std::string message_of(const std::function<void()>& body) {
  try {
    body();
  } catch (const fa::Error& error) {
    return std::string(to_string(error.code())) + " " + error.what();
  }
  return "";
}

void checks_each_kernel_once() {
  Checked checked(1);
  for (int round = 0; round < 3; ++round) checked.call(problem_of(DType::float32));
  expect(checked.gpu->calls == 4, "one check before three calls");
  checked.call(problem_of(DType::float16));
  checked.call(problem_of(DType::bfloat16));
  checked.call(problem_of(DType::float16, fa::Direction::backward));
  expect(checked.gpu->calls == 10, "one check for each kernel and dtype");
  const auto checks = checked.backend->info().kernel_checks;
  expect(checks.size() == 4, "info lists the checks");
  for (const auto& check : checks) {
    expect(check.passed && check.deviation == 0 && check.head_dim == 64 && check.value_dim == 32, "passed");
  }
  expect(checks[3].kernel == "metal-backward" && checks[3].dtype == DType::float16, "what was checked");
}

void checks_with_the_tensors_that_the_call_has() {
  Checked checked(1);
  using fa::AttentionInputs;
  using fa::Feature;
  const std::pair<Feature, std::optional<fa::Tensor> AttentionInputs::*> tensors[] = {
      {Feature::mask, &AttentionInputs::mask},
      {Feature::bias, &AttentionInputs::bias},
      {Feature::alibi_slopes, &AttentionInputs::alibi_slopes},
      {Feature::sinks, &AttentionInputs::sinks},
      {Feature::kv_lengths, &AttentionInputs::kv_lengths},
  };
  for (const auto& [feature, unused] : tensors) {
    fa::Problem problem = problem_of(DType::float32);
    problem.features = feature_bit(feature);
    checked.gpu->last_inputs = {};
    checked.gpu->keeps_inputs = true;
    checked.call(problem);
    for (const auto& [other, tensor] : tensors) {
      const bool given = (checked.gpu->last_inputs.*tensor).has_value();
      expect(given == (other == feature), std::string("the sample's ") + to_string(other));
    }
  }
  expect(checked.backend->info().kernel_checks.size() == 5, "compiled kernels differ by their options");
}

void checks_each_tile_and_splits_keys() {
  Checked checked(1);
  const auto run = [&](std::vector<std::pair<std::string, int64_t>> tiles) {
    fa::Plan plan;
    plan.kernel = "metal-decode";
    plan.tiles = std::move(tiles);
    checked.backend->forward(problem_of(DType::float32), plan, {});
    return checked.gpu->last_forced;
  };
  expect(run({{"a.rows", 8}, {"splits", 1}}) == "metal-decode@1", "one split");
  expect(run({{"a.rows", 8}, {"splits", 3}}) == "metal-decode@2", "several splits");
  expect(run({{"b.rows", 8}, {"splits", 4}}) == "metal-decode@2", "another tile");
  run({{"b.rows", 8}, {"splits", 5}});
  expect(run({{"c.rows", 8}}) == "metal-decode", "no splits at all");
  expect(checked.backend->info().kernel_checks.size() == 4, "four sets of compiled kernels");
}

void refuses_a_kernel_that_deviates() {
  for (const DType dtype : {DType::float32, DType::float16, DType::bfloat16}) {
    for (const auto direction : {fa::Direction::forward, fa::Direction::backward}) {
      Checked checked(1.5f);
      const fa::Problem problem = problem_of(dtype, direction);
      for (int round = 0; round < 2; ++round) {
        const std::string message = message_of([&] { checked.call(problem); });
        expect(message.starts_with("INTERNAL [attention] kernel: expected metal-"), message);
        expect(message.find("a deviation of 0.5 on this GPU") != std::string::npos, message);
      }
      expect(checked.gpu->calls == 1, "it never runs a caller's problem");
      expect(!checked.backend->info().kernel_checks.at(0).passed, "info says so");
    }
  }
}

void refuses_what_is_not_finite() {
  Checked checked(std::numeric_limits<float>::quiet_NaN());
  expect(!message_of([&] { checked.call(problem_of(DType::float32)); }).empty(), "NaN");
}

void forgets_a_fault() {
  Checked checked(1);
  checked.gpu->throws = true;
  const std::string message = message_of([&] { checked.call(problem_of(DType::float32)); });
  expect(message == "OUT_OF_MEMORY no room", message);
  expect(checked.backend->info().kernel_checks.empty(), "no verdict");
  checked.call(problem_of(DType::float32));
  expect(checked.backend->info().kernel_checks.size() == 1, "checked by the next call");
}

void checks_once_for_all_threads() {
  Checked checked(1);
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 8; ++thread) {
    threads.emplace_back([&] { checked.call(problem_of(DType::float16)); });
  }
  for (std::thread& thread : threads) thread.join();
  expect(checked.gpu->calls == 9, "one check for eight threads");
}

/// The data of sample calls is the same in every dtype.
void samples_are_exact() {
  const std::vector<int64_t> shape{3, 50};
  fa::metal::SampleTensor single(DType::float32, shape), half(DType::float16, shape),
      brain(DType::bfloat16, shape);
  for (auto* tensor : {&single, &half, &brain}) tensor->fill(7);
  expect(half.values() == single.values() && brain.values() == single.values(), "multiples of 1/8");
  const std::pair<uint16_t, float> halves[] = {{0x0001, 0x1p-24f}, {0x8400, -0x1p-14f}, {0x7bff, 65504}};
  for (const auto& [bits, value] : halves) {
    std::memcpy(half.tensor().data, &bits, sizeof bits);
    expect(half.values()[0] == value, "float16 as float");
  }
}

}  // namespace

int main() {
  checks_each_kernel_once();
  checks_with_the_tensors_that_the_call_has();
  checks_each_tile_and_splits_keys();
  refuses_a_kernel_that_deviates();
  refuses_what_is_not_finite();
  forgets_a_fault();
  checks_once_for_all_threads();
  samples_are_exact();
  std::printf("ok\n");
}
