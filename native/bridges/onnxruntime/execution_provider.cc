#include "execution_provider.h"

#include <iterator>
#include <memory>

#include "attention_kernel.h"
#include "capability.h"

namespace fa::ort {
namespace {

struct Provider : OrtEp {
  Host host;
  OrtKernelRegistry* kernels = nullptr;

  explicit Provider(const Host& host) : OrtEp{}, host(host) {}
  ~Provider() {
    if (kernels != nullptr) host.ep->ReleaseKernelRegistry(kernels);
  }
};

Provider& self(OrtEp* provider) { return *static_cast<Provider*>(provider); }

const char* ORT_API_CALL name(const OrtEp*) noexcept { return kProviderName; }

OrtStatus* ORT_API_CALL get_capability(OrtEp* provider, const OrtGraph* graph,
                                       OrtEpGraphSupportInfo* support) noexcept {
  const Host& host = self(provider).host;
  return guarded(host.api, [&] { claim_nodes(host, graph, support); });
}

OrtStatus* ORT_API_CALL get_kernel_registry(OrtEp* provider, const OrtKernelRegistry** kernels) noexcept {
  *kernels = self(provider).kernels;
  return nullptr;
}

/// Attention changed its meaning at opset 24, so the two ranges are two kernels; the second ends where ONNX
/// ends today.
void add_attention(Provider& provider, int first_opset, int last_opset) {
  const Host& host = provider.host;
  OrtKernelDefBuilder* builder = nullptr;
  check(host.ep->CreateKernelDefBuilder(&builder));
  const std::unique_ptr<OrtKernelDefBuilder, void (*)(OrtKernelDefBuilder*)> builder_owner(
      builder, host.ep->ReleaseKernelDefBuilder);
  check(host.ep->KernelDefBuilder_SetOperatorType(builder, "Attention"));
  check(host.ep->KernelDefBuilder_SetDomain(builder, ""));
  check(host.ep->KernelDefBuilder_SetSinceVersion(builder, first_opset, last_opset));
  check(host.ep->KernelDefBuilder_SetExecutionProvider(builder, kProviderName));

  const OrtDataType* types[3] = {};
  check(host.ep->GetTensorDataType(ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT, &types[0]));
  check(host.ep->GetTensorDataType(ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT16, &types[1]));
  check(host.ep->GetTensorDataType(ONNX_TENSOR_ELEMENT_DATA_TYPE_BFLOAT16, &types[2]));
  check(host.ep->KernelDefBuilder_AddTypeConstraint(builder, "T1", types, std::size(types)));
  check(host.ep->KernelDefBuilder_AddTypeConstraint(builder, "T2", types, std::size(types)));

  OrtKernelDef* definition = nullptr;
  check(host.ep->KernelDefBuilder_Build(builder, &definition));
  const std::unique_ptr<OrtKernelDef, void (*)(OrtKernelDef*)> definition_owner(definition,
                                                                                host.ep->ReleaseKernelDef);
  check(host.ep->KernelRegistry_AddKernel(provider.kernels, definition, attention_kernel_creator(first_opset),
                                          &provider.host));
}

}  // namespace

OrtEp* create_provider(const Host& host) {
  auto provider = std::make_unique<Provider>(host);
  provider->ort_version_supported = kApiVersion;
  provider->GetName = name;
  provider->GetCapability = get_capability;
  provider->GetKernelRegistry = get_kernel_registry;
  check(host.ep->CreateKernelRegistry(&provider->kernels));
  add_attention(*provider, 23, 23);
  add_attention(*provider, 24, 25);
  return provider.release();
}

void release_provider(OrtEp* provider) { delete static_cast<Provider*>(provider); }

}  // namespace fa::ort
