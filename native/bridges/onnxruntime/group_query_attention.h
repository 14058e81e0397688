// com.microsoft's GroupQueryAttention: grouped heads over a cache of keys and values, which the node fills
// itself.
#pragma once
#include "node_kernel.h"

namespace fa::ort {

/// Empty when the node is covered; else the reason. @throws Error where no device can be opened
std::string why_not_group_query_attention(const Host& host, const OrtNode* node);

std::unique_ptr<NodeOperator> make_group_query_attention(const Attributes& attributes);

}  // namespace fa::ort
