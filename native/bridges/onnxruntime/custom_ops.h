// The custom-op domain `fa.metal`, version 1: FlashAttention and FlashAttentionGrad.
#pragma once
#include <memory>
#include <vector>

#include "host.h"

namespace fa::ort {

inline constexpr const char* kCustomDomain = "fa.metal";

struct CustomOp;

/// The domain and its ops. It must outlive every session that uses it.
class CustomOpDomain {
 public:
  /// Ops whose nodes run on `provider`, or on ONNX Runtime's CPU provider where it is null. @throws
  /// HostFailure
  CustomOpDomain(const OrtApi* api, const char* provider);
  ~CustomOpDomain();
  CustomOpDomain(const CustomOpDomain&) = delete;
  CustomOpDomain& operator=(const CustomOpDomain&) = delete;

  OrtCustomOpDomain* get() const { return domain_; }

 private:
  const OrtApi* api_;
  OrtCustomOpDomain* domain_ = nullptr;
  std::vector<std::unique_ptr<CustomOp>> ops_;
};

/// Refuses attributes that neither op has; hosts accept any. @throws Error INVALID_ARGUMENT naming the
/// attribute
void check_custom_attributes(const OrtApi* api, const OrtNode* node);

}  // namespace fa::ort
