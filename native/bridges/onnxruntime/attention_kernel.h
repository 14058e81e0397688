// Runs ONNX's Attention nodes.
#pragma once
#include "node_kernel.h"

namespace fa::ort {

/// For nodes whose definition came with opset 23, and with 24 or later.
std::unique_ptr<NodeOperator> make_attention_23(const Attributes& attributes);
std::unique_ptr<NodeOperator> make_attention_24(const Attributes& attributes);

}  // namespace fa::ort
