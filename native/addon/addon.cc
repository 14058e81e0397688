// What the binary exports to Node; packages/core/src/native.ts is its declaration.
#include <napi.h>

#include "addon/allocate.h"
#include "addon/device_binding.h"
#include "addon/error_value.h"
#include "cpu/instruction_set.h"
#include "generated/version.h"

Napi::Object tensorflow_exports(Napi::Env env);
Napi::Object onnxruntime_exports(Napi::Env env);

namespace {

Napi::Value instruction_sets(const Napi::CallbackInfo& info) {
  Napi::Array names = Napi::Array::New(info.Env());
  for (const fa::cpu::Kernels* kernels : fa::runnable_kernels()) {
    names[names.Length()] = Napi::String::New(info.Env(), kernels->isa);
  }
  return names;
}

Napi::Object initialise(Napi::Env env, Napi::Object exports) {
  exports.Set("version", fa::kVersion);
  exports.Set("openDevice", fa::DeviceBinding::open_function(env));
  exports.Set("allocate", Napi::Function::New<fa::allocate>(env, "allocate"));
  exports.Set("instructionSets", Napi::Function::New<instruction_sets>(env, "instructionSets"));
  exports.Set("tensorflow", tensorflow_exports(env));
  exports.Set("onnxruntime", onnxruntime_exports(env));
  return exports;
}

}  // namespace

NAPI_MODULE_INIT() { return Napi::RegisterModule(env, exports, initialise); }
