// Tensors of onnxruntime-common as values of ONNX Runtime, and back.
#pragma once
#include <napi.h>

#include <memory>
#include <string>
#include <vector>

#include "addon/onnxruntime_host.h"

namespace fa::ort {

struct ReleaseValue {
  const OrtApi* api;
  void operator()(OrtValue* value) const { api->ReleaseValue(value); }
};
using OwnedValue = std::unique_ptr<OrtValue, ReleaseValue>;

/// "float32", as onnxruntime-common names it; empty where it has no name.
std::string type_name(ONNXTensorElementDataType type);

/// A value over the memory of `tensor` ({ type, dims, data }), which the caller keeps alive.
/// @throws Error INVALID_ARGUMENT, UNSUPPORTED or BUFFER_TOO_SHORT naming `argument`
OwnedValue value_over(const OrtApi* api, const std::string& argument, Napi::Value tensor);

/// { type, dims, buffer } with the elements copied: ONNX Runtime may share an output's memory with its
/// inputs.
/// @throws Error UNSUPPORTED naming `argument` for what JavaScript has no tensor for
Napi::Object tensor_of(Napi::Env env, const OrtApi* api, const std::string& argument, OrtValue* value);

}  // namespace fa::ort
