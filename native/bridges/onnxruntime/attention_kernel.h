// The kernel that runs ONNX's Attention nodes.
#pragma once
#include "host.h"

namespace fa::ort {

/// Creator of kernels for nodes whose definition came with `first_opset` (23 or 24). The state that it is
/// called with is a Host, which must outlive the kernels.
OrtKernelCreateFunc attention_kernel_creator(int first_opset);

}  // namespace fa::ort
