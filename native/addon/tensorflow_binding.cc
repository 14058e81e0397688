// What @fa-metal/tfjs needs of the TensorFlow bridge; adapters/tfjs/src/native-bridge.ts is its declaration.
#include <napi.h>

#include "addon/call_reader.h"
#include "addon/device_binding.h"
#include "addon/error_value.h"
#include "addon/value_reader.h"
#include "bridges/tensorflow/failures.h"
#include "bridges/tensorflow/loader.h"
#include "bridges/tensorflow/registration.h"

namespace {

Napi::Value register_ops(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  return fa::guarded(env, [&]() -> Napi::Value {
    const fa::OpScope op("register");
    const auto ops = fa::tensorflow::register_ops(fa::read_device_config(info[0]));
    Napi::Object value = Napi::Object::New(env);
    value.Set("forward", ops.forward);
    value.Set("backward", ops.backward);
    value.Set("device", static_cast<double>(ops.device));
    value.Set("info", fa::info_value(env, fa::tensorflow::device_at(ops.device)->info()));
    return value;
  });
}

Napi::Value take_failure(const Napi::CallbackInfo& info) {
  const Napi::Env env = info.Env();
  return fa::guarded(env, [&]() -> Napi::Value {
    const int64_t number = fa::read_integer("number", info[0], "the number of a failure");
    const auto failure = fa::tensorflow::take_failure(static_cast<uint64_t>(number));
    if (!failure) return env.Undefined();
    Napi::Object value = Napi::Object::New(env);
    value.Set("code", fa::to_string(failure->code()));
    value.Set("argument", failure->argument());
    value.Set("message", failure->what());
    return value;
  });
}

Napi::Value loaded_libraries(const Napi::CallbackInfo& info) {
  Napi::Array paths = Napi::Array::New(info.Env());
  for (const auto& path : fa::tensorflow::loaded_libraries())
    paths[paths.Length()] = Napi::String::New(info.Env(), path);
  return paths;
}

}  // namespace

Napi::Object tensorflow_exports(Napi::Env env) {
  Napi::Object exports = Napi::Object::New(env);
  exports.Set("register", Napi::Function::New<register_ops>(env, "register"));
  exports.Set("takeFailure", Napi::Function::New<take_failure>(env, "takeFailure"));
  exports.Set("loadedLibraries", Napi::Function::New<loaded_libraries>(env, "loadedLibraries"));
  return exports;
}
