// Signatures and kernels of the custom ops: names, order of inputs and outputs, attributes, as api.md has
// them.
#pragma once
#include <memory>
#include <string>
#include <string_view>

#include "call.h"
#include "host.h"

namespace fa::ort {

class CustomKernel {
 public:
  virtual ~CustomKernel() = default;
  virtual const OrtApi* api() const = 0;
  /// Runs one node. @throws Error, HostFailure
  virtual void compute(OrtKernelContext* context) const = 0;
};

struct CustomOpSignature {
  const char* name;
  size_t inputs, required_inputs;
  size_t outputs, required_outputs;
  size_t outputs_like_q;  ///< leading outputs with q's dtype; the others are float32
  /// @throws Error for an attribute that is unknown or out of range
  std::unique_ptr<CustomKernel> (*create)(const OrtApi* api, const OrtKernelInfo* info);
};

extern const CustomOpSignature kFlashAttention;
extern const CustomOpSignature kFlashAttentionGrad;

bool is_custom_attribute(std::string_view name);

/// For messages.
std::string custom_attribute_names();

}  // namespace fa::ort
