// What @fa-metal/onnxruntime calls; adapters/onnxruntime/src/native.ts is its declaration.
#include <napi.h>

#include "addon/device_binding.h"
#include "addon/error_value.h"
#include "addon/onnxruntime_session.h"
#include "addon/onnxruntime_settings.h"
#include "addon/onnxruntime_values.h"
#include "addon/promise_worker.h"
#include "addon/value_reader.h"
#include "bridges/onnxruntime/exports.h"
#include "bridges/process_device.h"
#include "error.h"

namespace fa::ort {
namespace {

/// Runs body; a status of ONNX Runtime that reaches here was its own failure.
template <typename Body>
auto translated(const OrtApi* api, Body&& body) {
  try {
    return body();
  } catch (const HostFailure& failure) {
    throw error_of(api, failure.status, ErrorCode::HOST_FAILED, "");
  }
}

/// Runs body, which returns a promise; what goes wrong before that becomes a rejected one.
template <typename Body>
Napi::Value as_promise(Napi::Env env, Body&& body) {
  try {
    return fa::guarded(env, body);
  } catch (const Napi::Error& error) {
    const auto deferred = Napi::Promise::Deferred::New(env);
    deferred.Reject(error.Value());
    return deferred.Promise();
  }
}

using SharedSession = std::shared_ptr<OnnxSession>;

/// One call of run(). The values lie over memory of the call object, which the promise worker holds.
struct Run {
  SharedSession session;
  RunSettings settings;
  std::vector<std::string> input_names, output_names;
  std::vector<OwnedValue> inputs, outputs;

  void execute() {
    NamedValues in = view(input_names, inputs);
    NamedValues out = view(output_names, outputs);
    const OrtApi* api = session->host().host.api;
    translated(api, [&] { session->run(in, out, settings); });
    for (size_t i = 0; i < outputs.size(); ++i) {
      if (outputs[i] == nullptr) outputs[i].reset(out.values[i]);
    }
  }

  static NamedValues view(const std::vector<std::string>& names, const std::vector<OwnedValue>& values) {
    NamedValues named;
    for (const std::string& name : names) named.names.push_back(name.c_str());
    for (const OwnedValue& value : values) named.values.push_back(value.get());
    return named;
  }
};

/// Reads { name: tensor | null } into names and values; null stays null.
void read_values(const OrtApi* api, const char* argument, Napi::Value given, std::vector<std::string>& names,
                 std::vector<OwnedValue>& values) {
  const Napi::Object object = read_object(argument, given, "an object of tensors");
  const Napi::Array keys = object.GetPropertyNames();
  for (uint32_t i = 0; i < keys.Length(); ++i) {
    const std::string name = Napi::Value(keys[i]).As<Napi::String>().Utf8Value();
    const Napi::Value tensor = object.Get(name);
    names.push_back(name);
    values.push_back(tensor.IsNull() ? OwnedValue(nullptr, ReleaseValue{api})
                                     : value_over(api, std::string(argument) + "." + name, tensor));
  }
}

/// run({ feeds, fetches, settings }): a promise of { name: tensor } for every fetch that was null.
Napi::Value run(const SharedSession& session, const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  return as_promise(env, [&] {
    const OpScope scope("run");
    const OrtApi* api = session->host().host.api;
    const Napi::Object call = read_object("call", info[0], "an object");
    auto run = std::make_shared<Run>();
    run->session = session;
    run->settings = read_run_settings(call.Get("settings"));
    translated(api, [&] {
      read_values(api, "feeds", call.Get("feeds"), run->input_names, run->inputs);
      read_values(api, "fetches", call.Get("fetches"), run->output_names, run->outputs);
    });
    std::vector<bool> wanted;
    for (const OwnedValue& value : run->outputs) wanted.push_back(value == nullptr);

    PromiseWorker::Steps steps;
    steps.run = [run] { run->execute(); };
    steps.value = [run, wanted](Napi::Env env) -> napi_value {
      const OpScope scope("run");
      const OrtApi* api = run->session->host().host.api;
      Napi::Object results = Napi::Object::New(env);
      for (size_t i = 0; i < wanted.size(); ++i) {
        if (!wanted[i]) continue;
        const std::string& name = run->output_names[i];
        results.Set(name, translated(api, [&] {
                      return tensor_of(env, "fetches." + name, std::move(run->outputs[i]),
                                       run->session->memory_of(name));
                    }));
      }
      return results;
    };
    return PromiseWorker::start(env, call, std::move(steps));
  });
}

Napi::Array metadata_value(Napi::Env env, const std::vector<ValueDescription>& descriptions) {
  Napi::Array list = Napi::Array::New(env);
  for (const ValueDescription& description : descriptions) {
    Napi::Object entry = Napi::Object::New(env);
    entry.Set("name", description.name);
    entry.Set("isTensor", description.is_tensor);
    if (description.is_tensor) {
      entry.Set("type", type_name(description.type));
      Napi::Array shape = Napi::Array::New(env);
      for (size_t axis = 0; axis < description.shape.size(); ++axis) {
        const int64_t size = description.shape[axis];
        shape[shape.Length()] = size < 0 ? Napi::Value::From(env, description.symbolic[axis])
                                         : Napi::Value::From(env, static_cast<double>(size));
      }
      entry.Set("shape", shape);
    }
    list[list.Length()] = entry;
  }
  return list;
}

Napi::Array assignment_value(Napi::Env env, const std::vector<NodeDecision>& decisions) {
  Napi::Array list = Napi::Array::New(env);
  for (const NodeDecision& decision : decisions) {
    Napi::Object entry = Napi::Object::New(env);
    entry.Set("name", decision.name);
    entry.Set("domain", decision.domain);
    entry.Set("opType", decision.op);
    entry.Set("output", decision.output);
    entry.Set("provider", decision.claimed ? "fa-metal" : "cpu");
    entry.Set("reason", decision.reason);
    list[list.Length()] = entry;
  }
  return list;
}

/// The session as JavaScript sees it. Its functions share ownership with the runs in flight, so dispose()
/// only lets go: ONNX Runtime's session ends with the last of them.
Napi::Object session_value(Napi::Env env, SharedSession session) {
  Napi::Object value = Napi::Object::New(env);
  value.Set("inputs", metadata_value(env, session->inputs()));
  value.Set("outputs", metadata_value(env, session->outputs()));
  value.Set("assignment", assignment_value(env, session->assignment()));
  auto held = std::make_shared<SharedSession>(std::move(session));
  const auto open = [held]() -> const SharedSession& {
    if (*held == nullptr)
      refuse(ErrorCode::INVALID_ARGUMENT, "session", "a session in use", "a released one");
    return *held;
  };
  value.Set("run", Napi::Function::New(env, [open](const Napi::CallbackInfo& info) {
              return as_promise(info.Env(), [&] { return run(open(), info); });
            }));
  value.Set("endProfiling", Napi::Function::New(env, [open](const Napi::CallbackInfo& info) -> Napi::Value {
              return fa::guarded(info.Env(), [&]() -> Napi::Value {
                const OpScope scope("endProfiling");
                const SharedSession& session = open();
                return Napi::Value::From(info.Env(), translated(session->host().host.api,
                                                                [&] { return session->end_profiling(); }));
              });
            }));
  value.Set("dispose", Napi::Function::New(env, [held](const Napi::CallbackInfo&) { held->reset(); }));
  return value;
}

/// createSession(model, settings): a promise of a session. `model` is a path or a Uint8Array.
Napi::Value create_session(const AttachedHost& host, const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  return as_promise(env, [&] {
    const OpScope scope("createSession");
    SessionSettings settings = read_session_settings(info[1]);
    ModelSource model;
    if (info[0].IsTypedArray()) {
      const Napi::TypedArray bytes = info[0].As<Napi::TypedArray>();
      model.bytes = static_cast<std::byte*>(bytes.ArrayBuffer().Data()) + bytes.ByteOffset();
      model.size = bytes.ByteLength();
    } else {
      model.path = read_text("model", info[0], "a path or a Uint8Array");
      if (model.path.empty()) refuse_value("model", "a path that is not empty", info[0]);
    }
    Napi::Object held = Napi::Object::New(env);
    held.Set("model", info[0]);

    auto made = std::make_shared<SharedSession>();
    PromiseWorker::Steps steps;
    steps.run = [&host, made, model, settings] {
      translated(host.host.api, [&] { *made = std::make_shared<OnnxSession>(host, model, settings); });
    };
    steps.value = [made](Napi::Env env) -> napi_value { return session_value(env, *made); };
    return PromiseWorker::start(env, held, std::move(steps));
  });
}

/// attach(folder): { version, library, device, createSession }.
Napi::Value attach(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  return fa::guarded(env, [&]() -> Napi::Value {
    const OpScope scope("register");
    const AttachedHost& host = attach_host(read_text("folder", info[0], "a path"));
    Napi::Object value = Napi::Object::New(env);
    value.Set("version", host.version);
    value.Set("library", host.library);
    value.Set("device", info_value(env, process_device().info()));
    value.Set("createSession", Napi::Function::New(env, [&host](const Napi::CallbackInfo& info) {
                return create_session(host, info);
              }));
    return value;
  });
}

}  // namespace
}  // namespace fa::ort

Napi::Object onnxruntime_exports(Napi::Env env) {
  Napi::Object exports = Napi::Object::New(env);
  exports.Set("attach", Napi::Function::New<fa::ort::attach>(env, "attach"));
  return exports;
}
