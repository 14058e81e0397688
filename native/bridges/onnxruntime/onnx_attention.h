// The meaning of ONNX's Attention node (opsets 23 to 25, without past and present) in terms of the op.
// Translation only.
#pragma once
#include <optional>

#include "attributes.h"
#include "call.h"

namespace fa::ort {

/// Inputs of the node, by position.
enum OnnxAttentionInput : size_t { kQ, kK, kV, kAttnMask, kPastKey, kPastValue, kNonpadKvSeqlen };
/// Outputs of the node, by position.
enum OnnxAttentionOutput : size_t { kY, kPresentKey, kPresentValue, kQkMatmulOutput };

struct OnnxAttention {
  int opset = 0;  ///< that introduced the node's definition: 23, 24 or 25
  bool is_causal = false;
  std::optional<double> scale;
  double softcap = 0;
  int64_t q_num_heads = 0, kv_num_heads = 0;  ///< 0 where the attribute is absent
  int64_t softmax_precision = 0;              ///< 0 where the attribute is absent
  int64_t left_window_size = -1, right_window_size = -1;
};

OnnxAttention read_onnx_attention(const Attributes& attributes, int opset);

/// Q, K, V and attn_mask as ONNX has them: rank 3 or 4, the mask of rank 1 to 4.
struct OnnxAttentionTensors {
  Tensor q, k, v;
  std::optional<Tensor> attn_mask;
  std::optional<Tensor> kv_lengths;  ///< nonpad_kv_seqlen as int32 [B]
};

/// The call without its outputs. Rank-3 tensors become [B, L, H, D] views; a bool mask stays a mask, a float
/// mask becomes a bias; from opset 24 on, keys past the end of a short mask are left out, but where the keys
/// are counted (nonpad_kv_seqlen), since causal then counts from the last one.
/// @throws Error SHAPE_MISMATCH or INVALID_ARGUMENT
ForwardCall translate(const OnnxAttention& node, const OnnxAttentionTensors& tensors);

/// [B, L, H * D] as [B, L, H, D]. @throws Error SHAPE_MISMATCH where H does not divide the last axis
Tensor split_heads(const Tensor& tensor, int64_t heads, const char* argument);

}  // namespace fa::ort
