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

/// Whose memory an output is.
enum class OutputMemory {
  own,     ///< made for this output, by a node of ours
  shared,  ///< perhaps that of an input or of a constant of the model
};

/// { type, dims, buffer }. Memory of the output's own may be handed over with it; other memory is copied.
/// @throws Error UNSUPPORTED naming `argument` for what JavaScript has no tensor for
Napi::Object tensor_of(Napi::Env env, const std::string& argument, OwnedValue value, OutputMemory memory);

}  // namespace fa::ort
