#include "custom_ops.h"

#include <climits>
#include <iterator>
#include <span>
#include <string_view>

#include "custom_kernel.h"
#include "values.h"

namespace fa::ort {

struct CustomOp : OrtCustomOp {
  const CustomOpSignature* signature;
  ONNXTensorElementDataType element;  ///< of q, and so of every tensor like it
  const char* provider;
};

namespace {

const CustomOp& self(const OrtCustomOp* op) { return *static_cast<const CustomOp*>(op); }

/// q's dtype chooses the kernel. All other inputs may be anything to ONNX Runtime, so that what does not fit
/// is refused by us, with a code and the argument's name.
ONNXTensorElementDataType ORT_API_CALL input_type(const OrtCustomOp* op, size_t index) {
  return index == 0 ? self(op).element : ONNX_TENSOR_ELEMENT_DATA_TYPE_UNDEFINED;
}

ONNXTensorElementDataType ORT_API_CALL output_type(const OrtCustomOp* op, size_t index) {
  const bool like_q = index < self(op).signature->outputs_like_q;
  return like_q ? self(op).element : ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT;
}

OrtCustomOpInputOutputCharacteristic ORT_API_CALL input_kind(const OrtCustomOp* op, size_t index) {
  return index < self(op).signature->required_inputs ? INPUT_OUTPUT_REQUIRED : INPUT_OUTPUT_OPTIONAL;
}

OrtCustomOpInputOutputCharacteristic ORT_API_CALL output_kind(const OrtCustomOp* op, size_t index) {
  return index < self(op).signature->required_outputs ? INPUT_OUTPUT_REQUIRED : INPUT_OUTPUT_OPTIONAL;
}

/// Types of q that nodes are taken with. All but the first three are only there to be refused by us: ONNX
/// Runtime would turn the model down without saying which argument is at fault.
constexpr ONNXTensorElementDataType kQueryTypes[] = {
    ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT,    ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT16,
    ONNX_TENSOR_ELEMENT_DATA_TYPE_BFLOAT16, ONNX_TENSOR_ELEMENT_DATA_TYPE_DOUBLE,
    ONNX_TENSOR_ELEMENT_DATA_TYPE_INT8,     ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT8,
    ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32,    ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64,
    ONNX_TENSOR_ELEMENT_DATA_TYPE_BOOL,
};

void check_query_type(const CustomOp& op) {
  const auto dtype = dtype_of(op.element);
  if (dtype == DType::float32 || dtype == DType::float16 || dtype == DType::bfloat16) return;
  const OpScope scope("attention");
  refuse(ErrorCode::DTYPE_MISMATCH, "q", "float32, float16 or bfloat16", element_name(op.element));
}

OrtStatus* ORT_API_CALL create_kernel(const OrtCustomOp* op, const OrtApi* api, const OrtKernelInfo* info,
                                      void** kernel) {
  return guarded(api, [&] {
    check_query_type(self(op));
    *kernel = self(op).signature->create(api, info).release();
  });
}

OrtStatus* ORT_API_CALL compute(void* kernel, OrtKernelContext* context) {
  const auto& made = *static_cast<const CustomKernel*>(kernel);
  return guarded(made.api(), [&] { made.compute(context); });
}

/// ONNX Runtime asks these of every op, variadic or not.
int ORT_API_CALL one(const OrtCustomOp*) { return 1; }

std::unique_ptr<CustomOp> make_op(const CustomOpSignature& signature, ONNXTensorElementDataType element,
                                  const char* provider) {
  auto op = std::make_unique<CustomOp>(CustomOp{OrtCustomOp{}, &signature, element, provider});
  op->version = kApiVersion;
  op->GetName = [](const OrtCustomOp* op) { return self(op).signature->name; };
  op->GetExecutionProviderType = [](const OrtCustomOp* op) { return self(op).provider; };
  op->GetInputTypeCount = [](const OrtCustomOp* op) { return self(op).signature->inputs; };
  op->GetOutputTypeCount = [](const OrtCustomOp* op) { return self(op).signature->outputs; };
  op->GetInputType = input_type;
  op->GetOutputType = output_type;
  op->GetInputCharacteristic = input_kind;
  op->GetOutputCharacteristic = output_kind;
  op->GetInputMemoryType = [](const OrtCustomOp*, size_t) { return OrtMemTypeDefault; };
  op->GetVariadicInputMinArity = one;
  op->GetVariadicInputHomogeneity = one;
  op->GetVariadicOutputMinArity = one;
  op->GetVariadicOutputHomogeneity = one;
  op->GetStartVersion = one;
  op->GetEndVersion = [](const OrtCustomOp*) { return INT_MAX; };
  op->CreateKernelV2 = create_kernel;
  op->KernelComputeV2 = compute;
  op->KernelDestroy = [](void* kernel) { delete static_cast<CustomKernel*>(kernel); };
  return op;
}

}  // namespace

CustomOpDomain::CustomOpDomain(const OrtApi* api, const char* provider) : api_(api) {
  check(api->CreateCustomOpDomain(kCustomDomain, &domain_));
  for (const CustomOpSignature* signature : {&kFlashAttention, &kFlashAttentionGrad}) {
    for (const auto element : kQueryTypes) {
      ops_.push_back(make_op(*signature, element, provider));
      check(api->CustomOpDomain_Add(domain_, ops_.back().get()));
    }
  }
}

CustomOpDomain::~CustomOpDomain() {
  if (domain_ != nullptr) api_->ReleaseCustomOpDomain(domain_);
}

void check_custom_attributes(const OrtApi* api, const OrtNode* node) {
  size_t count = 0;
  check(api->Node_GetNumAttributes(node, &count));
  std::vector<const OrtOpAttr*> attributes(count);
  check(api->Node_GetAttributes(node, attributes.data(), count));
  for (const OrtOpAttr* attribute : attributes) {
    const char* name = nullptr;
    check(api->OpAttr_GetName(attribute, &name));
    if (!is_custom_attribute(name)) {
      const OpScope scope("attention");
      refuse(ErrorCode::INVALID_ARGUMENT, name, custom_attribute_names(), std::string("'") + name + "'");
    }
  }
}

}  // namespace fa::ort
