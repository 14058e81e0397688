#include "node_kernel.h"

namespace fa::ort {
namespace {

NodeKernel* self(OrtKernelImpl* kernel) { return static_cast<NodeKernel*>(kernel); }

OrtStatus* ORT_API_CALL compute(OrtKernelImpl* kernel, OrtKernelContext* context) noexcept {
  const OrtApi* api = self(kernel)->api;
  return guarded(api, [&] {
    const OpScope scope("attention");
    self(kernel)->node->compute(KernelValues(api, context));
  });
}

void ORT_API_CALL release(OrtKernelImpl* kernel) noexcept { delete self(kernel); }

}  // namespace

NodeKernel::NodeKernel(const OrtApi* api, std::unique_ptr<NodeOperator> node)
    : OrtKernelImpl{}, api(api), node(std::move(node)) {
  ort_version_supported = kApiVersion;
  Compute = ort::compute;
  Release = ort::release;
}

}  // namespace fa::ort
