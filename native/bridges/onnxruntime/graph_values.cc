#include "graph_values.h"

#include <algorithm>

#include "bridges/process_device.h"
#include "values.h"

namespace fa::ort {
namespace {

ValueDescription describe_value(const OrtApi* api, const OrtValueInfo* value) {
  ValueDescription description;
  if (value == nullptr) return description;
  description.present = true;
  const OrtTypeInfo* type = nullptr;
  check(api->GetValueInfoTypeInfo(value, &type));
  if (type == nullptr) return description;
  const OrtTensorTypeAndShapeInfo* tensor = nullptr;
  check(api->CastTypeInfoToTensorInfo(type, &tensor));
  if (tensor == nullptr) return description;
  check(api->GetTensorElementType(tensor, &description.type));
  size_t rank = 0;
  check(api->GetDimensionsCount(tensor, &rank));
  description.shape.resize(rank);
  check(api->GetDimensions(tensor, description.shape.data(), rank));
  return description;
}

}  // namespace

bool ValueDescription::is_static() const {
  return !shape.empty() && std::find(shape.begin(), shape.end(), kUnknown) == shape.end();
}

Values inputs_of(const OrtApi* api, const OrtNode* node, size_t count) {
  size_t given = 0;
  check(api->Node_GetNumInputs(node, &given));
  std::vector<const OrtValueInfo*> infos(given);
  check(api->Node_GetInputs(node, infos.data(), given));
  Values values;
  for (const OrtValueInfo* info : infos) values.push_back(describe_value(api, info));
  values.resize(std::max(values.size(), count));
  return values;
}

bool has_output(const OrtApi* api, const OrtNode* node, size_t index) {
  size_t count = 0;
  check(api->Node_GetNumOutputs(node, &count));
  if (index >= count) return false;
  std::vector<const OrtValueInfo*> infos(count);
  check(api->Node_GetOutputs(node, infos.data(), count));
  const char* name = nullptr;
  if (infos[index] != nullptr) check(api->GetValueInfoName(infos[index], &name));
  return name != nullptr && *name != '\0';
}

void fill(int64_t& a, int64_t& b) {
  const int64_t size = a != kUnknown ? a : b != kUnknown ? b : 1;
  if (a == kUnknown) a = size;
  if (b == kUnknown) b = size;
}

Tensor planned(const ValueDescription& value) {
  Tensor tensor;
  tensor.dtype = *dtype_of(value.type);
  tensor.rank = static_cast<int>(value.rank());
  for (int axis = 0; axis < tensor.rank; ++axis) tensor.shape[axis] = value.shape[axis];
  pack_strides(tensor);
  return tensor;
}

std::string refused_by_device(const ForwardCall& call) {
  Device& device = process_device();
  try {
    const auto plan = device.plan(call.inputs, call.options, Direction::forward);
    const Refusal* refusal = std::get_if<Refusal>(&plan);
    return refusal == nullptr ? std::string() : refusal->argument + ": " + refusal->reason;
  } catch (const Error& error) {
    return error.what();
  }
}

}  // namespace fa::ort
