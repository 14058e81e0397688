#include "node_check.h"

#include <array>
#include <cmath>
#include <vector>

#include "bridges/process_device.h"
#include "onnx_attention.h"
#include "values.h"

namespace fa::ort {
namespace {

constexpr int64_t kUnknown = -1;

/// What the graph says of a value. Sizes that depend on the run are kUnknown.
struct ValueDescription {
  bool present = false;
  ONNXTensorElementDataType type = ONNX_TENSOR_ELEMENT_DATA_TYPE_UNDEFINED;
  std::vector<int64_t> shape;  ///< empty when not even the rank is known
};

using Values = std::vector<ValueDescription>;

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

Values inputs_of(const OrtApi* api, const OrtNode* node) {
  size_t count = 0;
  check(api->Node_GetNumInputs(node, &count));
  std::vector<const OrtValueInfo*> infos(count);
  check(api->Node_GetInputs(node, infos.data(), count));
  Values values;
  for (const OrtValueInfo* info : infos) values.push_back(describe_value(api, info));
  values.resize(std::max<size_t>(values.size(), kNonpadKvSeqlen + 1));
  return values;
}

std::string unwanted_output(const OrtApi* api, const OrtNode* node) {
  static constexpr const char* kNames[] = {"Y", "present_key", "present_value", "qk_matmul_output"};
  size_t count = 0;
  check(api->Node_GetNumOutputs(node, &count));
  std::vector<const OrtValueInfo*> infos(count);
  check(api->Node_GetOutputs(node, infos.data(), count));
  for (size_t i = kPresentKey; i < count && i < std::size(kNames); ++i) {
    const char* name = nullptr;
    if (infos[i] != nullptr) check(api->GetValueInfoName(infos[i], &name));
    if (name != nullptr && *name != '\0') return std::string("output ") + kNames[i] + " is not computed here";
  }
  return {};
}

std::string unwanted_input(const Values& inputs) {
  if (inputs[kPastKey].present || inputs[kPastValue].present)
    return "past_key and past_value are not taken here";
  if (inputs[kNonpadKvSeqlen].present) return "nonpad_kv_seqlen is not taken here";
  return {};
}

std::string unwanted_attribute(const OnnxAttention& node) {
  if (node.scale && (!std::isfinite(*node.scale) || *node.scale < 0))
    return "scale is negative or not finite";
  if (node.softmax_precision == ONNX_TENSOR_ELEMENT_DATA_TYPE_DOUBLE) {
    return "softmax_precision is float64, softmax is computed in float32 here";
  }
  return {};
}

std::string unwanted_rank(const OnnxAttention& node, const Values& inputs) {
  const size_t rank = inputs[kQ].shape.size();
  if (rank != 3 && rank != 4) {
    return rank == 0 ? "the rank of Q is not known before the run" : "Q has rank " + std::to_string(rank);
  }
  for (const size_t i : {kK, kV}) {
    if (inputs[i].shape.size() != rank) return "Q, K and V have different ranks, or not all are known";
  }
  if (rank == 3 && (node.q_num_heads < 1 || node.kv_num_heads < 1)) {
    return "rank-3 inputs without q_num_heads and kv_num_heads";
  }
  return {};
}

/// The first size that is known among some axes of some values, else 1.
int64_t any_known(std::initializer_list<int64_t> sizes) {
  for (const int64_t size : sizes) {
    if (size != kUnknown) return size;
  }
  return 1;
}

void fill(int64_t& a, int64_t& b) {
  const int64_t size = any_known({a, b});
  if (a == kUnknown) a = size;
  if (b == kUnknown) b = size;
}

Tensor planned(const ValueDescription& value) {
  Tensor tensor;
  tensor.dtype = *dtype_of(value.type);
  tensor.rank = static_cast<int>(value.shape.size());
  for (int axis = 0; axis < tensor.rank; ++axis) tensor.shape[axis] = value.shape[axis];
  pack_strides(tensor);
  return tensor;
}

/// Replaces sizes that depend on the run by sizes that fit the others, so that what is known can be planned.
void fill_sizes(const OnnxAttention& node, Values& inputs) {
  auto &q = inputs[kQ].shape, &k = inputs[kK].shape, &v = inputs[kV].shape;
  fill(q[0], k[0]);
  fill(q[0], v[0]);
  fill(k[0], v[0]);
  const size_t length = q.size() == 3 ? 1 : 2;
  if (q[length] == kUnknown) q[length] = 1;
  fill(k[length], v[length]);
  if (q.size() == 3) {
    if (q[2] == kUnknown) q[2] = node.q_num_heads;
    if (k[2] == kUnknown) k[2] = q[2] / node.q_num_heads * node.kv_num_heads;
    if (v[2] == kUnknown) v[2] = k[2];
    return;
  }
  fill(k[1], v[1]);
  fill(q[1], k[1]);
  fill(v[1], k[1]);
  fill(q[3], k[3]);
  if (v[3] == kUnknown) v[3] = q[3];
}

bool is_static(const ValueDescription& value) {
  for (const int64_t size : value.shape) {
    if (size == kUnknown) return false;
  }
  return !value.shape.empty();
}

std::string unwanted_mask(const ValueDescription& mask) {
  if (!mask.present) return {};
  if (mask.shape.size() > kMaxRank) return "attn_mask has rank " + std::to_string(mask.shape.size());
  const auto dtype = dtype_of(mask.type);
  const bool taken = dtype == DType::boolean || dtype == DType::float32 || dtype == DType::float16 ||
                     dtype == DType::bfloat16;
  return taken ? std::string() : "attn_mask is neither bool nor float32, float16 or bfloat16";
}

/// What the device itself says, for the sizes that are known.
std::string refused_by_device(const OnnxAttention& node, Values inputs) {
  const bool all_known = is_static(inputs[kQ]) && is_static(inputs[kK]) && is_static(inputs[kV]);
  fill_sizes(node, inputs);
  OnnxAttentionTensors tensors{planned(inputs[kQ]), planned(inputs[kK]), planned(inputs[kV]), std::nullopt};
  if (all_known && is_static(inputs[kAttnMask])) tensors.attn_mask = planned(inputs[kAttnMask]);
  Device& device = process_device();
  try {
    const ForwardCall call = translate(node, tensors);
    const auto plan = device.plan(call.inputs, call.options, Direction::forward);
    const Refusal* refusal = std::get_if<Refusal>(&plan);
    return refusal == nullptr ? std::string() : refusal->argument + ": " + refusal->reason;
  } catch (const Error& error) {
    return error.what();
  }
}

}  // namespace

std::string why_not_attention(const Host& host, const OrtNode* node) {
  const OpScope scope("attention");
  int opset = 0;
  check(host.api->Node_GetSinceVersion(node, &opset));
  const OnnxAttention attention = read_onnx_attention(NodeAttributes(host.api, node), opset);
  const Values inputs = inputs_of(host.api, node);
  for (const std::string& obstacle :
       {unwanted_output(host.api, node), unwanted_input(inputs), unwanted_attribute(attention),
        unwanted_rank(attention, inputs), unwanted_mask(inputs[kAttnMask])}) {
    if (!obstacle.empty()) return obstacle;
  }
  return refused_by_device(attention, inputs);
}

}  // namespace fa::ort
