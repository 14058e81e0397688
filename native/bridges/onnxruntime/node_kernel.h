// A kernel of the provider: what a node's attributes say, read once, and how it computes.
#pragma once
#include <memory>

#include "attributes.h"
#include "values.h"

namespace fa::ort {

class NodeOperator {
 public:
  virtual ~NodeOperator() = default;
  /// Runs one node. @throws Error, HostFailure
  virtual void compute(const KernelValues& values) const = 0;
};

using MakeOperator = std::unique_ptr<NodeOperator> (*)(const Attributes& attributes);

struct NodeKernel : OrtKernelImpl {
  const OrtApi* api;
  std::unique_ptr<NodeOperator> node;

  NodeKernel(const OrtApi* api, std::unique_ptr<NodeOperator> node);
};

/// Creator of kernels. The state that it is called with is a Host, which must outlive the kernels.
template <MakeOperator kMake>
OrtStatus* ORT_API_CALL create_node_kernel(void* state, const OrtKernelInfo* info,
                                           OrtKernelImpl** kernel) noexcept {
  const OrtApi* api = static_cast<const Host*>(state)->api;
  return guarded(api, [&] {
    const OpScope scope("attention");
    *kernel = new NodeKernel(api, kMake(KernelAttributes(api, info)));
  });
}

}  // namespace fa::ort
