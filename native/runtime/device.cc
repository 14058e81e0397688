#include "device.h"

#include <condition_variable>
#include <mutex>
#include <utility>

#include "cpu/cpu_backend.h"
#include "error.h"
#include "index_copies.h"
#include "index_values.h"
#include "metal/metal_backend.h"

namespace fa {

namespace {

std::unique_ptr<Backend> open_backend(const DeviceConfig& config) {
  switch (config.backend) {
    case BackendChoice::cpu:
      return open_cpu_backend(config);
    case BackendChoice::metal:
      return open_metal_backend(config);
    case BackendChoice::automatic:
      break;
  }
  // The software device is only ever asked for on purpose, so it never gives way to the cpu backend.
  const bool wants_metal = config.device == DeviceChoice::software;
  if (wants_metal || metal_unavailable(config).empty()) return open_metal_backend(config);
  return open_cpu_backend(config);
}

const char* op_name(Direction direction) {
  return direction == Direction::forward ? "attention" : "attentionBackward";
}

uint32_t wanted_gradients(const BackwardCall& call) {
  uint32_t bits = 0;
  if (call.d_bias) bits |= feature_bit(Feature::bias);
  if (call.d_alibi_slopes) bits |= feature_bit(Feature::alibi_slopes);
  if (call.d_sinks) bits |= feature_bit(Feature::sinks);
  return bits;
}

bool is_empty(const Tensor& tensor) { return span_bytes(tensor).value_or(1) == 0; }

/// Without rows no memory bounds the batch, and backends spend time and memory on each of its entries.
bool writes_nothing(const BackwardCall& call) {
  return is_empty(call.dq) && is_empty(call.dk) && is_empty(call.dv) && wanted_gradients(call) == 0;
}

}  // namespace

struct Device::State {
  std::unique_ptr<Backend> backend;
  DeviceInfo info;  ///< what it was when the device was closed
  std::mutex mutex;
  std::condition_variable idle;
  int in_flight = 0;
  bool closed = false;

  /// Keeps the backend open for one call.
  class Use {
   public:
    explicit Use(State& state) : state_(state) {
      const std::lock_guard lock(state_.mutex);
      if (state_.closed) refuse(ErrorCode::DEVICE_CLOSED, "device", "an open device", "a closed one");
      ++state_.in_flight;
    }
    ~Use() {
      const std::lock_guard lock(state_.mutex);
      if (--state_.in_flight == 0) state_.idle.notify_all();
    }
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;

   private:
    State& state_;
  };

  Plan plan_or_raise(const Problem& problem) const {
    auto outcome = backend->plan(problem);
    if (const auto* refusal = std::get_if<Refusal>(&outcome)) raise(*refusal);
    return std::get<Plan>(std::move(outcome));
  }
};

Device::Device(std::unique_ptr<State> state) : state_(std::move(state)) {}

Device::~Device() { close(); }

std::shared_ptr<Device> Device::open(const DeviceConfig& config) {
  const OpScope op("openDevice");
  auto state = std::make_unique<State>();
  state->backend = open_backend(config);
  return std::shared_ptr<Device>(new Device(std::move(state)));
}

DeviceInfo Device::info() const {
  const std::lock_guard lock(state_->mutex);
  return state_->backend ? state_->backend->info() : state_->info;
}

std::variant<Plan, Refusal> Device::plan(const AttentionInputs& inputs, const AttentionOptions& options,
                                         Direction direction, uint32_t gradients) const {
  const OpScope op(op_name(direction));
  const State::Use use(*state_);
  Problem problem = describe(inputs, options, direction);
  problem.gradients = gradients;
  auto outcome = state_->backend->plan(problem);
  if (auto* plan = std::get_if<Plan>(&outcome)) plan->costs = state_->backend->costs(problem);
  return outcome;
}

void Device::forward(const ForwardCall& call) {
  const OpScope op(op_name(Direction::forward));
  const State::Use use(*state_);
  const Problem problem = describe(call.inputs, call.options, Direction::forward);
  check_memory(call, problem);
  ForwardCall safe = call;
  const IndexCopies indices(safe.inputs);
  check_index_values(safe.inputs, problem);
  const Plan plan = state_->plan_or_raise(problem);
  if (!is_empty(call.out)) state_->backend->forward(problem, plan, safe);
}

void Device::backward(const BackwardCall& call) {
  const OpScope op(op_name(Direction::backward));
  const State::Use use(*state_);
  Problem problem = describe(call.inputs, call.options, Direction::backward);
  check_memory(call, problem);
  BackwardCall safe = call;
  const IndexCopies indices(safe.inputs);
  check_index_values(safe.inputs, problem);
  problem.gradients = wanted_gradients(call);
  const Plan plan = state_->plan_or_raise(problem);
  if (!writes_nothing(call)) state_->backend->backward(problem, plan, safe);
}

void Device::warm_up(const AttentionInputs& inputs, const AttentionOptions& options, Direction direction,
                     uint32_t gradients) {
  const OpScope op(op_name(direction));
  const State::Use use(*state_);
  Problem problem = describe(inputs, options, direction);
  problem.gradients = gradients;
  state_->backend->warm_up(problem, state_->plan_or_raise(problem));
}

void Device::close() {
  std::unique_ptr<Backend> backend;
  {
    std::unique_lock lock(state_->mutex);
    state_->closed = true;
    state_->idle.wait(lock, [&] { return state_->in_flight == 0; });
    if (state_->backend) state_->info = state_->backend->info();
    backend = std::move(state_->backend);
  }
}

}  // namespace fa
