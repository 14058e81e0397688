#include "execution_provider.h"

#include <initializer_list>
#include <iterator>
#include <memory>

#include "attention_kernel.h"
#include "capability.h"
#include "group_query_attention.h"
#include "multi_head_attention.h"

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

struct KernelDefinition {
  const char* domain;
  const char* op;
  int first_version, last_version;
  std::initializer_list<const char*> float_types;  ///< names of the type constraints that are ours to choose
  OrtKernelCreateFunc create;
};

/// ONNX's Attention changed its meaning at opset 24, so the two ranges are two kernels; the second ends where
/// ONNX ends today.
const KernelDefinition kKernels[] = {
    {"", "Attention", 23, 23, {"T1", "T2"}, create_node_kernel<make_attention_23>},
    {"", "Attention", 24, 25, {"T1", "T2"}, create_node_kernel<make_attention_24>},
    {kMicrosoftDomain, "MultiHeadAttention", 1, 1, {"T"}, create_node_kernel<make_multi_head_attention>},
    {kMicrosoftDomain, "GroupQueryAttention", 1, 1, {"T"}, create_node_kernel<make_group_query_attention>},
};

void add_kernel(Provider& provider, const KernelDefinition& kernel) {
  const Host& host = provider.host;
  OrtKernelDefBuilder* builder = nullptr;
  check(host.ep->CreateKernelDefBuilder(&builder));
  const std::unique_ptr<OrtKernelDefBuilder, void (*)(OrtKernelDefBuilder*)> builder_owner(
      builder, host.ep->ReleaseKernelDefBuilder);
  check(host.ep->KernelDefBuilder_SetOperatorType(builder, kernel.op));
  check(host.ep->KernelDefBuilder_SetDomain(builder, kernel.domain));
  check(host.ep->KernelDefBuilder_SetSinceVersion(builder, kernel.first_version, kernel.last_version));
  check(host.ep->KernelDefBuilder_SetExecutionProvider(builder, kProviderName));

  const OrtDataType* types[3] = {};
  check(host.ep->GetTensorDataType(ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT, &types[0]));
  check(host.ep->GetTensorDataType(ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT16, &types[1]));
  check(host.ep->GetTensorDataType(ONNX_TENSOR_ELEMENT_DATA_TYPE_BFLOAT16, &types[2]));
  for (const char* name : kernel.float_types) {
    check(host.ep->KernelDefBuilder_AddTypeConstraint(builder, name, types, std::size(types)));
  }

  OrtKernelDef* definition = nullptr;
  check(host.ep->KernelDefBuilder_Build(builder, &definition));
  const std::unique_ptr<OrtKernelDef, void (*)(OrtKernelDef*)> definition_owner(definition,
                                                                                host.ep->ReleaseKernelDef);
  check(host.ep->KernelRegistry_AddKernel(provider.kernels, definition, kernel.create, &provider.host));
}

}  // namespace

OrtEp* create_provider(const Host& host) {
  auto provider = std::make_unique<Provider>(host);
  provider->ort_version_supported = kApiVersion;
  provider->GetName = name;
  provider->GetCapability = get_capability;
  provider->GetKernelRegistry = get_kernel_registry;
  check(host.ep->CreateKernelRegistry(&provider->kernels));
  for (const KernelDefinition& kernel : kKernels) add_kernel(*provider, kernel);
  return provider.release();
}

void release_provider(OrtEp* provider) { delete static_cast<Provider*>(provider); }

}  // namespace fa::ort
