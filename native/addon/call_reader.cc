#include "addon/call_reader.h"

#include "addon/options_reader.h"
#include "addon/value_reader.h"
#include "generated/limits.h"

namespace fa {

namespace {

/// Required and optional tensors of one object, by their public names.
class Fields {
 public:
  Fields(Napi::Object object, BufferViews* views) : object_(object), views_(views) {}

  void read(const char* name, Tensor& target) const { read_tensor(name, object_.Get(name), target, views_); }
  void read(const char* name, std::optional<Tensor>& target) const {
    read_optional_tensor(name, object_, name, target, views_);
  }

 private:
  Napi::Object object_;
  BufferViews* views_;
};

void read_inputs(Napi::Object object, AttentionInputs& inputs, AttentionOptions& options,
                 BufferViews* views) {
  const Fields fields(object, views);
  fields.read("q", inputs.q);
  fields.read("k", inputs.k);
  fields.read("v", inputs.v);
  read_options(object.Get("options"), inputs, options, views);
}

/// Of every option that is there, unless `needs` declines it.
uint32_t read_needs(Napi::Object problem, const AttentionInputs& inputs) {
  Napi::Object needs = Napi::Object::New(problem.Env());
  if (const auto given = optional_property(problem, "needs"))
    needs = read_object("needs", *given, "an object");
  uint32_t wanted = 0;
  const auto read = [&](const char* name, const std::optional<Tensor>& option, Feature feature) {
    const auto flag = optional_property(needs, name);
    const bool declined = flag && flag->IsBoolean() && !flag->As<Napi::Boolean>().Value();
    if (option && !declined) wanted |= feature_bit(feature);
  };
  read("bias", inputs.bias, Feature::bias);
  read("alibiSlopes", inputs.alibi_slopes, Feature::alibi_slopes);
  read("sinks", inputs.sinks, Feature::sinks);
  return wanted;
}

}  // namespace

void read_forward_call(Napi::Value value, ForwardCall& call, BufferViews& views) {
  const Napi::Object object = read_object("call", value, "an object");
  read_inputs(object, call.inputs, call.options, &views);
  const Fields fields(object, &views);
  fields.read("out", call.out);
  fields.read("lse", call.lse);
  fields.read("softmaxStats", call.softmax_stats);
  views.resolve();
}

void read_backward_call(Napi::Value value, BackwardCall& call, BufferViews& views) {
  const Napi::Object object = read_object("call", value, "an object");
  read_inputs(object, call.inputs, call.options, &views);
  const Fields fields(object, &views);
  fields.read("out", call.out);
  fields.read("lse", call.lse);
  fields.read("dOut", call.d_out);
  fields.read("dLse", call.d_lse);
  fields.read("softmaxStats", call.softmax_stats);
  fields.read("dq", call.dq);
  fields.read("dk", call.dk);
  fields.read("dv", call.dv);
  fields.read("dBias", call.d_bias);
  fields.read("dAlibiSlopes", call.d_alibi_slopes);
  fields.read("dSinks", call.d_sinks);
  views.resolve();
}

PlanQuery read_plan_query(Napi::Value value) {
  const Napi::Object object = read_object("problem", value, "an object");
  PlanQuery query;
  read_inputs(object, query.inputs, query.options, nullptr);
  if (const auto direction = optional_property(object, "direction")) {
    const std::string word = read_text("direction", *direction, "'forward' or 'backward'");
    if (word != "forward" && word != "backward") {
      refuse_value("direction", "'forward' or 'backward'", *direction);
    }
    query.direction = word == "backward" ? Direction::backward : Direction::forward;
  }
  if (query.direction == Direction::backward) query.gradients = read_needs(object, query.inputs);
  return query;
}

DeviceConfig read_device_config(Napi::Value value) {
  DeviceConfig config;
  if (value.IsUndefined()) return config;
  const Napi::Object object = read_object("config", value, "an object");
  if (const auto backend = optional_property(object, "backend")) {
    config.backend = read_word("backend", *backend, parse_backend_choice, kBackendChoiceNames);
  }
  if (const auto device = optional_property(object, "device")) {
    config.device = read_word("device", *device, parse_device_choice, kDeviceChoiceNames);
  }
  if (const auto threads = optional_property(object, "threads")) {
    const int64_t count = read_integer("threads", *threads, "an integer");
    if (count < 0 || count > kMaxSoftwareThreads) {
      refuse_value("threads", "0 to " + std::to_string(kMaxSoftwareThreads), *threads);
    }
    config.threads = static_cast<int>(count);
  }
  if (const auto isa = optional_property(object, "isa")) {
    config.isa = read_text("isa", *isa, "the name of an instruction set");
  }
  return config;
}

}  // namespace fa
