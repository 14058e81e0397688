#include "onnx_attention.h"

#include <algorithm>

namespace fa::ort {
namespace {

/// Shape and strides with axes of size 1 put in front, up to rank 4.
Tensor with_rank_4(const Tensor& tensor) {
  Tensor wide = tensor;
  const int added = kMaxRank - tensor.rank;
  wide.rank = kMaxRank;
  for (int axis = 0; axis < kMaxRank; ++axis) {
    wide.shape[axis] = axis < added ? 1 : tensor.shape[axis - added];
  }
  pack_strides(wide);
  return wide;
}

void check_heads(const Tensor& tensor, int64_t heads, const char* argument) {
  if (heads == 0 || tensor.shape[1] == heads) return;
  refuse(ErrorCode::SHAPE_MISMATCH, argument, std::to_string(heads) + " heads, as the node's attribute says",
         shape_text(tensor));
}

void read_projections(const OnnxAttention& node, const OnnxAttentionTensors& tensors, ForwardCall& call) {
  AttentionInputs& inputs = call.inputs;
  if (tensors.q.rank == 3) {
    call.options.layout = Layout::blhd;
    inputs.q = split_heads(tensors.q, node.q_num_heads, "q");
    inputs.k = split_heads(tensors.k, node.kv_num_heads, "k");
    inputs.v = split_heads(tensors.v, node.kv_num_heads, "v");
    return;
  }
  inputs.q = tensors.q;
  inputs.k = tensors.k;
  inputs.v = tensors.v;
  if (tensors.q.rank != 4) return;  // refused, by name, with everything else about shapes
  check_heads(tensors.q, node.q_num_heads, "q");
  check_heads(tensors.k, node.kv_num_heads, "k");
}

/// Keys past the end of a short mask are invisible to every row, which is the same as not being there.
void cut_to_mask(const Tensor& mask, ForwardCall& call) {
  const int axis = call.options.layout == Layout::blhd ? 1 : 2;
  const int64_t keys = mask.shape[kMaxRank - 1];
  for (Tensor* tensor : {&call.inputs.k, &call.inputs.v}) {
    if (tensor->rank == kMaxRank) tensor->shape[axis] = std::min(tensor->shape[axis], keys);
  }
}

void read_mask(const OnnxAttention& node, const Tensor& attn_mask, ForwardCall& call) {
  const bool keeps = attn_mask.dtype == DType::boolean;
  if (attn_mask.rank < 1) {
    refuse(ErrorCode::SHAPE_MISMATCH, keeps ? "mask" : "bias", "a rank from 1 to 4", "0");
  }
  const Tensor mask = with_rank_4(attn_mask);
  (keeps ? call.inputs.mask : call.inputs.bias) = mask;
  if (node.opset >= 24 && !call.inputs.kv_lengths) cut_to_mask(mask, call);
}

}  // namespace

Tensor split_heads(const Tensor& tensor, int64_t heads, const char* argument) {
  if (tensor.rank != 3) refuse(ErrorCode::SHAPE_MISMATCH, argument, "rank 3, as Q", shape_text(tensor));
  if (heads < 1 || tensor.shape[2] % heads != 0) {
    refuse(ErrorCode::SHAPE_MISMATCH, argument,
           "a last axis that the node's " + std::to_string(heads) + " heads divide", shape_text(tensor));
  }
  Tensor split = tensor;
  split.rank = 4;
  split.shape = {tensor.shape[0], tensor.shape[1], heads, tensor.shape[2] / heads};
  pack_strides(split);
  return split;
}

OnnxAttention read_onnx_attention(const Attributes& attributes, int opset) {
  OnnxAttention node;
  node.opset = opset;
  node.is_causal = attributes.integer("is_causal").value_or(0) != 0;
  node.scale = attributes.real("scale");
  node.softcap = attributes.real("softcap").value_or(0);
  node.q_num_heads = attributes.integer("q_num_heads").value_or(0);
  node.kv_num_heads = attributes.integer("kv_num_heads").value_or(0);
  node.softmax_precision = attributes.integer("softmax_precision").value_or(0);
  node.left_window_size = attributes.integer("left_window_size").value_or(-1);
  node.right_window_size = attributes.integer("right_window_size").value_or(-1);
  return node;
}

ForwardCall translate(const OnnxAttention& node, const OnnxAttentionTensors& tensors) {
  ForwardCall call;
  AttentionOptions& options = call.options;
  options.scale = node.scale;
  if (node.softcap != 0) options.softcap = node.softcap;
  call.inputs.kv_lengths = tensors.kv_lengths;
  // ONNX counts rows and keys from the top left corner, whatever the lengths; but where a cache is only
  // filled up to nonpad_kv_seqlen, the last row is at its last key.
  if (node.is_causal)
    options.causal.diagonal = tensors.kv_lengths ? Diagonal::bottomRight : Diagonal::topLeft;
  if (node.left_window_size >= 0 || node.right_window_size >= 0) {
    options.window = Window{node.left_window_size, node.right_window_size};
    options.align = Alignment{Diagonal::topLeft, 0};
  }
  read_projections(node, tensors, call);
  if (tensors.attn_mask) read_mask(node, *tensors.attn_mask, call);
  return call;
}

}  // namespace fa::ort
