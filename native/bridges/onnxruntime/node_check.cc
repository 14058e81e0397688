#include "node_check.h"

#include <array>
#include <cmath>

#include "graph_values.h"
#include "onnx_attention.h"
#include "values.h"

namespace fa::ort {
namespace {

std::string unwanted_output(const OrtApi* api, const OrtNode* node) {
  static constexpr const char* kNames[] = {"Y", "present_key", "present_value", "qk_matmul_output"};
  for (size_t i = kPresentKey; i < std::size(kNames); ++i) {
    if (has_output(api, node, i)) return std::string("output ") + kNames[i] + " is not computed here";
  }
  return {};
}

std::string unwanted_input(const OnnxAttention& node, const Values& inputs) {
  if (inputs[kPastKey].present || inputs[kPastValue].present)
    return "past_key and past_value are not taken here";
  if (inputs[kNonpadKvSeqlen].present && (node.left_window_size >= 0 || node.right_window_size >= 0))
    return "nonpad_kv_seqlen beside a window is not taken here";
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

std::string unwanted_mask(const ValueDescription& mask) {
  if (!mask.present) return {};
  if (mask.shape.size() > kMaxRank) return "attn_mask has rank " + std::to_string(mask.shape.size());
  const auto dtype = dtype_of(mask.type);
  const bool taken = dtype == DType::boolean || dtype == DType::float32 || dtype == DType::float16 ||
                     dtype == DType::bfloat16;
  return taken ? std::string() : "attn_mask is neither bool nor float32, float16 or bfloat16";
}

/// What the device itself says, for the sizes that are known.
std::string refused(const OnnxAttention& node, Values inputs) {
  const bool all_known = inputs[kQ].is_static() && inputs[kK].is_static() && inputs[kV].is_static();
  fill_sizes(node, inputs);
  OnnxAttentionTensors tensors{planned(inputs[kQ]), planned(inputs[kK]), planned(inputs[kV]), {}, {}};
  if (all_known && inputs[kAttnMask].is_static()) tensors.attn_mask = planned(inputs[kAttnMask]);
  if (inputs[kNonpadKvSeqlen].present) {
    tensors.kv_lengths = packed_tensor(std::array{inputs[kQ].shape[0]}, DType::int32);
  }
  try {
    return refused_by_device(translate(node, tensors));
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
  const Values inputs = inputs_of(host.api, node, kNonpadKvSeqlen + 1);
  for (const std::string& obstacle :
       {unwanted_output(host.api, node), unwanted_input(attention, inputs), unwanted_attribute(attention),
        unwanted_rank(attention, inputs), unwanted_mask(inputs[kAttnMask])}) {
    if (!obstacle.empty()) return obstacle;
  }
  return refused(attention, inputs);
}

}  // namespace fa::ort
