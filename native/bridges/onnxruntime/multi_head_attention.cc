#include "multi_head_attention.h"

#include <cmath>

#include "bridges/process_device.h"
#include "graph_values.h"
#include "onnx_attention.h"
#include "padding_bias.h"
#include "session_threads.h"

namespace fa::ort {
namespace {

/// Inputs of the node, by position.
enum Input : size_t {
  kQuery,
  kKey,
  kValue,
  kProjectionBias,
  kKeyPaddingMask,
  kAttentionBias,
  kPastKey,
  kPastValue,
  kPastSequenceLength,
  kCacheIndirection,
  kInputs,
};

struct MultiHeadAttention {
  int64_t heads = 0;
  double scale = 0;  ///< 0 = default
  float mask_filter_value = -10000;
  bool unidirectional = false;
};

MultiHeadAttention read_node(const Attributes& attributes) {
  MultiHeadAttention node;
  node.heads = attributes.integer("num_heads").value_or(0);
  node.scale = attributes.real("scale").value_or(0);
  node.mask_filter_value = static_cast<float>(attributes.real("mask_filter_value").value_or(-10000));
  node.unidirectional = attributes.integer("unidirectional").value_or(0) != 0;
  return node;
}

/// q, k and v [B, L, heads * width].
ForwardCall translate(const MultiHeadAttention& node, const Tensor& q, const Tensor& k, const Tensor& v) {
  ForwardCall call;
  call.options.layout = Layout::blhd;
  if (node.scale != 0) call.options.scale = node.scale;
  if (node.unidirectional) call.options.causal.diagonal = Diagonal::topLeft;
  call.inputs.q = split_heads(q, node.heads, "q");
  call.inputs.k = split_heads(k, node.heads, "k");
  call.inputs.v = split_heads(v, node.heads, "v");
  return call;
}

class Operator final : public NodeOperator {
 public:
  explicit Operator(MultiHeadAttention node) : node_(node) {}

  void compute(const KernelValues& values) const override {
    ForwardCall call = translate(node_, values.required(kQuery, "q"), values.required(kKey, "k"),
                                 values.required(kValue, "v"));
    call.inputs.bias = values.input(kAttentionBias, "bias");
    std::vector<float> sum;
    if (const auto mask = values.input(kKeyPaddingMask, "mask")) {
      call.inputs.bias = padding_bias(*mask, call.inputs.bias, node_.mask_filter_value, sum);
    }
    const OutputShapes shapes = checked_output_shapes(call.inputs, call.options, Direction::forward);
    const auto& [batch, rows, heads, width] = shapes.out;
    const int64_t shape[] = {batch, rows, heads * width};
    call.out = split_heads(values.output(0, shape).value(), heads, "out");
    run_on_session(values, call);
  }

 private:
  const MultiHeadAttention node_;
};

std::string unwanted_input(const Values& inputs) {
  static constexpr const char* kNames[] = {"bias", "past_key", "past_value", "past_sequence_length",
                                           "cache_indirection"};
  size_t name = 0;
  for (const size_t i : {kProjectionBias, kPastKey, kPastValue, kPastSequenceLength, kCacheIndirection}) {
    if (inputs[i].present) return std::string("input ") + kNames[name] + " is not taken here";
    ++name;
  }
  for (const size_t i : {kQuery, kKey, kValue}) {
    if (inputs[i].rank() != 3 || !dtype_of(inputs[i].type)) {
      return "query, key and value are not all known to be of rank 3 and of a dtype of ours";
    }
  }
  return {};
}

std::string unwanted_mask(const Values& inputs) {
  const ValueDescription& mask = inputs[kKeyPaddingMask];
  const ValueDescription& bias = inputs[kAttentionBias];
  if (mask.present) {
    if (mask.rank() != 2 && mask.rank() != 3) return "key_padding_mask is not known to be of rank 2 or 3";
    const bool summed = bias.present && bias.type != ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT;
    if (summed) return "key_padding_mask beside an attention_bias that is not float32";
  }
  if (bias.present && bias.rank() != 4) return "attention_bias is not known to be of rank 4";
  return {};
}

/// ONNX Runtime's diagonal of unequal lengths is of its own; with equal ones there is only one.
std::string unwanted_diagonal(const MultiHeadAttention& node, const Values& inputs) {
  if (!node.unidirectional) return {};
  const int64_t queries = inputs[kQuery].shape[1], keys = inputs[kKey].shape[1];
  if (queries == keys && queries != kUnknown) return {};
  return "unidirectional where the lengths of query and key are not known to be equal";
}

std::string refused(const MultiHeadAttention& node, Values inputs) {
  auto &q = inputs[kQuery].shape, &k = inputs[kKey].shape, &v = inputs[kValue].shape;
  fill(q[0], k[0]);
  fill(k[0], v[0]);
  if (q[1] == kUnknown) q[1] = 1;
  fill(k[1], v[1]);
  if (q[2] == kUnknown && k[2] == kUnknown) q[2] = node.heads;
  fill(q[2], k[2]);
  if (v[2] == kUnknown) v[2] = q[2];
  try {
    ForwardCall call =
        translate(node, planned(inputs[kQuery]), planned(inputs[kKey]), planned(inputs[kValue]));
    if (inputs[kAttentionBias].present || inputs[kKeyPaddingMask].present) {
      call.inputs.bias = packed_tensor(std::array<int64_t, 4>{1, 1, 1, k[1]}, DType::float32);
    }
    return refused_by_device(call);
  } catch (const Error& error) {
    return error.what();
  }
}

}  // namespace

std::string why_not_multi_head_attention(const Host& host, const OrtNode* node) {
  const OpScope scope("attention");
  const MultiHeadAttention attention = read_node(NodeAttributes(host.api, node));
  const Values inputs = inputs_of(host.api, node, kInputs);
  for (const size_t i : {1, 2, 3}) {
    if (has_output(host.api, node, i)) return "only the first output is computed here";
  }
  if (attention.heads < 1) return "num_heads is below 1";
  if (!std::isfinite(attention.mask_filter_value)) return "mask_filter_value is not finite";
  if (const auto obstacle = unwanted_input(inputs); !obstacle.empty()) return obstacle;
  if (const auto obstacle = unwanted_mask(inputs); !obstacle.empty()) return obstacle;
  if (const auto obstacle = unwanted_diagonal(attention, inputs); !obstacle.empty()) return obstacle;
  return refused(attention, inputs);
}

std::unique_ptr<NodeOperator> make_multi_head_attention(const Attributes& attributes) {
  return std::make_unique<Operator>(read_node(attributes));
}

}  // namespace fa::ort
