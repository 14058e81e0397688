// What a graph says, before it runs, of the values around a node.
#pragma once
#include <string>
#include <vector>

#include "call.h"
#include "host.h"

namespace fa::ort {

inline constexpr int64_t kUnknown = -1;

/// What the graph says of a value. Sizes that depend on the run are kUnknown.
struct ValueDescription {
  bool present = false;
  ONNXTensorElementDataType type = ONNX_TENSOR_ELEMENT_DATA_TYPE_UNDEFINED;
  std::vector<int64_t> shape;  ///< empty when not even the rank is known

  size_t rank() const { return shape.size(); }
  bool is_static() const;
};

using Values = std::vector<ValueDescription>;

/// Inputs of a node, at least `count`; what is left out is not present.
Values inputs_of(const OrtApi* api, const OrtNode* node, size_t count);

/// True where the graph names this output.
bool has_output(const OrtApi* api, const OrtNode* node, size_t index);

/// A size that is not known becomes the other one; where neither is, 1.
void fill(int64_t& a, int64_t& b);

/// Without data. The type must be one of ours and the shape known.
Tensor planned(const ValueDescription& value);

/// Why the device does not run a call, which needs no data; empty where it does.
/// @throws Error where no device can be opened
std::string refused_by_device(const ForwardCall& call);

}  // namespace fa::ort
