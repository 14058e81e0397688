// Whether the op covers an Attention node exactly, as far as the graph tells before it runs.
#pragma once
#include <string>

#include "host.h"

namespace fa::ort {

/// Empty when the node is covered; else the reason, one sentence with the limit and the value.
/// @throws Error where no device can be opened
std::string why_not_attention(const Host& host, const OrtNode* node);

}  // namespace fa::ort
