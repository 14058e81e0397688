// com.microsoft's MultiHeadAttention, as far as the op covers it: separate q, k, v without projection bias
// and without a cache.
#pragma once
#include "node_kernel.h"

namespace fa::ort {

/// Empty when the node is covered; else the reason. @throws Error where no device can be opened
std::string why_not_multi_head_attention(const Host& host, const OrtNode* node);

std::unique_ptr<NodeOperator> make_multi_head_attention(const Attributes& attributes);

}  // namespace fa::ort
