// Whether the op covers a GroupQueryAttention node exactly.
#include "graph_values.h"
#include "group_query_attention.h"
#include "group_query_node.h"

namespace fa::ort {
namespace {

/// Sums of heads stay far from the end of an int64.
constexpr int64_t kMostHeads = 1 << 30;

std::string unwanted_attribute(const GroupQueryAttention& node) {
  for (const int64_t heads : {node.heads, node.kv_heads}) {
    if (heads < 1 || heads > kMostHeads) {
      return "num_heads or kv_num_heads is not from 1 to " + std::to_string(kMostHeads);
    }
  }
  if (node.window != -1 && node.window < 1) return "local_window_size is neither -1 nor above 0";
  if (node.sliding_cache) return "sliding_window_cache is not taken here";
  if (!node.causal && node.window > 0) return "local_window_size without causal";
  return {};
}

std::string unwanted_value(const Host& host, const OrtNode* node, const Values& inputs) {
  if (has_output(host.api, node, kOutputQk)) return "output_qk is not computed here";
  // ONNX Runtime's kernels read position_ids in ways of their own.
  for (const auto& [index, name] : {std::pair<size_t, const char*>{kPositionIds, "position_ids"},
                                    {kKScale, "k_scale"},
                                    {kVScale, "v_scale"},
                                    {kQNormWeight, "q_norm_weight"},
                                    {kKNormWeight, "k_norm_weight"}}) {
    if (inputs[index].present) return std::string("input ") + name + " is not taken here";
  }
  if (inputs[kQuery].rank() != 3 || !dtype_of(inputs[kQuery].type)) {
    return "query is not known to be of rank 3 and of a dtype of ours";
  }
  if (inputs[kKey].present != inputs[kValue].present) return "key without value";
  if (inputs[kKey].rank() == 3) {
    const int64_t rows = inputs[kQuery].shape[1], added = inputs[kKey].shape[1];
    if (rows != added && rows != kUnknown && added != kUnknown) return "key has other rows than query";
  }
  for (const size_t i : {kPastKey, kPastValue}) {
    if (inputs[i].present && inputs[i].type != inputs[kQuery].type)
      return "a cache of another dtype than query";
  }
  return {};
}

std::string unwanted_term(const GroupQueryAttention& node, const Values& inputs) {
  const ValueDescription& sink = inputs[kHeadSink];
  if (sink.present && sink.type != ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT)
    return "a head_sink that is not float32";
  if (inputs[kAttentionBias].present && inputs[kAttentionBias].rank() != 4) {
    return "attention_bias is not known to be of rank 4";
  }
  if (!node.rotary) return {};
  if (!inputs[kCosCache].present || !inputs[kSinCache].present)
    return "do_rotary without cos_cache and sin_cache";
  // Keys are cached as they are rotated, in the dtype of the cache, which is our work only where that is
  // float32.
  if (inputs[kQuery].type != ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT)
    return "do_rotary in a dtype other than float32";
  return {};
}

/// One row that sees one key, with the terms that the node has.
std::string refused(const GroupQueryAttention& node, const Values& inputs) {
  const ValueDescription& query = inputs[kQuery];
  const int64_t heads = inputs[kKey].present ? node.heads : node.heads + 2 * node.kv_heads;
  const int64_t width = query.shape[2] == kUnknown ? 1 : query.shape[2] / heads;
  const DType dtype = *dtype_of(query.type);
  ForwardCall call;
  call.inputs.q = packed_tensor(std::array<int64_t, 4>{1, node.heads, 1, width}, dtype);
  call.inputs.k = call.inputs.v = packed_tensor(std::array<int64_t, 4>{1, node.kv_heads, 1, width}, dtype);
  call.inputs.kv_lengths = packed_tensor(std::array<int64_t, 1>{1}, DType::int32);
  if (node.softcap != 0) call.options.softcap = node.softcap;
  if (node.scale != 0) call.options.scale = node.scale;
  if (inputs[kHeadSink].present || node.smooth_softmax) {
    call.inputs.sinks = packed_tensor(std::array{node.heads}, DType::float32);
  }
  if (inputs[kAttentionBias].present) {
    call.inputs.bias = packed_tensor(std::array<int64_t, 4>{1, 1, 1, 1}, dtype);
  }
  return refused_by_device(call);
}

}  // namespace

std::string why_not_group_query_attention(const Host& host, const OrtNode* node) {
  const OpScope scope("attention");
  const GroupQueryAttention attention = read_group_query(NodeAttributes(host.api, node));
  const Values inputs = inputs_of(host.api, node, kGroupQueryInputs);
  if (const auto obstacle = unwanted_attribute(attention); !obstacle.empty()) return obstacle;
  if (const auto obstacle = unwanted_value(host, node, inputs); !obstacle.empty()) return obstacle;
  if (const auto obstacle = unwanted_term(attention, inputs); !obstacle.empty()) return obstacle;
  return refused(attention, inputs);
}

}  // namespace fa::ort
