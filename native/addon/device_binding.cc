#include "addon/device_binding.h"

#include <cmath>
#include <utility>

#include "addon/call_reader.h"
#include "addon/error_value.h"
#include "error.h"

namespace fa {

namespace {

Napi::Array checks_value(Napi::Env env, const std::vector<KernelCheck>& checks) {
  Napi::Array values = Napi::Array::New(env);
  for (const KernelCheck& check : checks) {
    Napi::Object value = Napi::Object::New(env);
    value.Set("kernel", check.kernel);
    value.Set("dtype", to_string(check.dtype));
    value.Set("headDim", static_cast<double>(check.head_dim));
    value.Set("valueDim", static_cast<double>(check.value_dim));
    value.Set("passed", check.passed);
    value.Set("deviation",
              std::isfinite(check.deviation) ? Napi::Number::New(env, check.deviation) : env.Null());
    value.Set("bound", check.bound);
    values[values.Length()] = value;
  }
  return values;
}

}  // namespace

Napi::Object info_value(Napi::Env env, const DeviceInfo& info) {
  Napi::Object value = Napi::Object::New(env);
  value.Set("backend", info.backend);
  value.Set("name", info.name);
  value.Set("software", info.software);
  if (!info.family.empty()) value.Set("family", info.family);
  if (!info.isa.empty()) value.Set("isa", info.isa);
  value.Set("threads", info.threads);
  value.Set("version", info.version);
  if (!info.kernel_checks.empty()) value.Set("kernelChecks", checks_value(env, info.kernel_checks));
  return value;
}

namespace {

using OpenedDevice = std::shared_ptr<Device>;

Napi::Object cost_value(Napi::Env env, const KernelCost& cost) {
  Napi::Object value = Napi::Object::New(env);
  value.Set("kernel", cost.kernel);
  value.Set("threadgroups", static_cast<double>(cost.threadgroups));
  value.Set("threads", cost.threads);
  value.Set("products", cost.products);
  value.Set("operations", cost.operations);
  value.Set("deviceBytes", cost.device_bytes);
  value.Set("memoryBytes", cost.memory_bytes);
  value.Set("registers", cost.registers);
  value.Set("threadgroupBytes", cost.threadgroup_bytes);
  value.Set("simdgroupsPerCore", cost.simdgroups_per_core);
  value.Set("utilisation", cost.utilisation);
  value.Set("bound", to_string(cost.bound));
  value.Set("coreCycles", cost.core_cycles);
  return value;
}

Napi::Object plan_value(Napi::Env env, const Plan& plan) {
  Napi::Object tiles = Napi::Object::New(env);
  for (const auto& [name, size] : plan.tiles) tiles.Set(name, static_cast<double>(size));
  Napi::Object value = Napi::Object::New(env);
  value.Set("backend", plan.backend);
  value.Set("kernel", plan.kernel);
  value.Set("tiles", tiles);
  value.Set("tasks", static_cast<double>(plan.tasks));
  value.Set("scratchBytes", static_cast<double>(plan.scratch_bytes));
  value.Set("why", plan.why);
  if (plan.costs.empty()) return value;
  Napi::Array kernels = Napi::Array::New(env);
  for (const KernelCost& cost : plan.costs) kernels[kernels.Length()] = cost_value(env, cost);
  Napi::Object cost = Napi::Object::New(env);
  cost.Set("says", kCostSays);
  cost.Set("kernels", kernels);
  value.Set("cost", cost);
  return value;
}

/// Before the query is read, so that messages about it name the op that it is about.
bool plans_backward(Napi::Value query) {
  if (!query.IsObject()) return false;
  const Napi::Value direction = query.As<Napi::Object>().Get("direction");
  return direction.IsString() && direction.As<Napi::String>().Utf8Value() == "backward";
}

Napi::Value rejected(Napi::Env env, const Failure& failure) {
  const auto deferred = Napi::Promise::Deferred::New(env);
  deferred.Reject(error_value(env, failure).Value());
  return deferred.Promise();
}

/// Runs `body`, which returns a promise; what goes wrong before that becomes a rejected one.
template <typename Body>
Napi::Value as_promise(Napi::Env env, Body body) {
  try {
    return body();
  } catch (const Napi::Error& error) {
    const auto deferred = Napi::Promise::Deferred::New(env);
    deferred.Reject(error.Value());
    return deferred.Promise();
  } catch (...) {
    return rejected(env, failure_of(std::current_exception()));
  }
}

}  // namespace

Napi::Function DeviceBinding::open_function(Napi::Env env) {
  const Napi::Function type =
      DefineClass(env, "NativeDevice",
                  {InstanceMethod<&DeviceBinding::info>("info"), InstanceMethod<&DeviceBinding::plan>("plan"),
                   InstanceMethod<&DeviceBinding::forward>("forward"),
                   InstanceMethod<&DeviceBinding::backward>("backward"),
                   InstanceMethod<&DeviceBinding::forward_async>("forwardAsync"),
                   InstanceMethod<&DeviceBinding::backward_async>("backwardAsync"),
                   InstanceMethod<&DeviceBinding::warm_up_async>("warmUpAsync"),
                   InstanceMethod<&DeviceBinding::close>("close")});
  // The class belongs to this environment alone: each worker thread loads its own.
  auto* constructor = new Napi::FunctionReference(Napi::Persistent(type));
  env.AddCleanupHook([constructor] { delete constructor; });
  return Napi::Function::New<&DeviceBinding::open>(env, "openDevice", constructor);
}

Napi::Value DeviceBinding::open(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  return guarded(env, [&]() -> Napi::Value {
    const OpScope op("openDevice");
    OpenedDevice device = Device::open(read_device_config(info[0]));
    const auto* constructor = static_cast<Napi::FunctionReference*>(info.Data());
    return constructor->New({Napi::External<OpenedDevice>::New(env, &device)});
  });
}

DeviceBinding::DeviceBinding(const Napi::CallbackInfo& info) : ObjectWrap(info) {
  if (!info[0].IsExternal()) throw Napi::TypeError::New(info.Env(), "use openDevice()");
  device_ = *info[0].As<Napi::External<OpenedDevice>>().Data();
}

Napi::Value DeviceBinding::info(const Napi::CallbackInfo& info) {
  return info_value(info.Env(), device_->info());
}

Napi::Value DeviceBinding::plan(const Napi::CallbackInfo& info) {
  return guarded(info.Env(), [&]() -> Napi::Value {
    const OpScope op(plans_backward(info[0]) ? "attentionBackward" : "attention");
    expect_open();
    const PlanQuery query = read_plan_query(info[0]);
    const auto outcome = device_->plan(query.inputs, query.options, query.direction, query.gradients);
    if (const auto* refusal = std::get_if<Refusal>(&outcome)) raise(*refusal);
    return plan_value(info.Env(), std::get<Plan>(outcome));
  });
}

void DeviceBinding::forward(const Napi::CallbackInfo& info) {
  guarded(info.Env(), [&] {
    const OpScope op("attention");
    expect_open();
    ForwardCall call;
    BufferViews views;
    read_forward_call(info[0], call, views);
    device_->forward(call);
  });
}

void DeviceBinding::backward(const Napi::CallbackInfo& info) {
  guarded(info.Env(), [&] {
    const OpScope op("attentionBackward");
    expect_open();
    BackwardCall call;
    BufferViews views;
    read_backward_call(info[0], call, views);
    device_->backward(call);
  });
}

Napi::Value DeviceBinding::forward_async(const Napi::CallbackInfo& info) {
  return as_promise(info.Env(), [&] {
    const OpScope op("attention");
    expect_open();
    const auto call = std::make_shared<ForwardCall>();
    BufferViews views;
    read_forward_call(info[0], *call, views);
    Napi::Array held = views.hold(info.Env());
    held[held.Length()] = Value();
    const Napi::Value promise = PromiseWorker::start(
        info.Env(), held, {[device = device_, call] { device->forward(*call); }, [this] { call_settled(); }});
    ++pending_;
    return promise;
  });
}

Napi::Value DeviceBinding::backward_async(const Napi::CallbackInfo& info) {
  return as_promise(info.Env(), [&] {
    const OpScope op("attentionBackward");
    expect_open();
    const auto call = std::make_shared<BackwardCall>();
    BufferViews views;
    read_backward_call(info[0], *call, views);
    Napi::Array held = views.hold(info.Env());
    held[held.Length()] = Value();
    const Napi::Value promise = PromiseWorker::start(
        info.Env(), held,
        {[device = device_, call] { device->backward(*call); }, [this] { call_settled(); }});
    ++pending_;
    return promise;
  });
}

Napi::Value DeviceBinding::warm_up_async(const Napi::CallbackInfo& info) {
  return as_promise(info.Env(), [&] {
    const OpScope op(plans_backward(info[0]) ? "attentionBackward" : "attention");
    expect_open();
    const auto query = std::make_shared<PlanQuery>(read_plan_query(info[0]));
    const auto warm_up = [device = device_, query] {
      device->warm_up(query->inputs, query->options, query->direction, query->gradients);
    };
    const Napi::Array held = Napi::Array::New(info.Env());
    held[0u] = Value();
    const Napi::Value promise = PromiseWorker::start(info.Env(), held, {warm_up, [this] { call_settled(); }});
    ++pending_;
    return promise;
  });
}

/// Calls that were accepted run to their end; the threads go with the last of them.
void DeviceBinding::close(const Napi::CallbackInfo&) {
  closed_ = true;
  if (pending_ == 0) device_->close();
}

void DeviceBinding::call_settled() {
  --pending_;
  if (closed_ && pending_ == 0) device_->close();
}

void DeviceBinding::expect_open() const {
  if (closed_) refuse(ErrorCode::DEVICE_CLOSED, "device", "an open device", "a closed one");
}

}  // namespace fa
