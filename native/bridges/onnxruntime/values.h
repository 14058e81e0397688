// Tensors of ONNX Runtime as the runtime's tensors. Nothing is copied.
#pragma once
#include <optional>
#include <span>
#include <vector>

#include "host.h"
#include "tensor.h"

namespace fa::ort {

struct ElementType {
  ONNXTensorElementDataType onnx;
  DType dtype;
};

/// Element types that ONNX and the op have in common.
inline constexpr ElementType kElementTypes[] = {
    {ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT, DType::float32},
    {ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT16, DType::float16},
    {ONNX_TENSOR_ELEMENT_DATA_TYPE_BFLOAT16, DType::bfloat16},
    {ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32, DType::int32},
    {ONNX_TENSOR_ELEMENT_DATA_TYPE_INT8, DType::int8},
    {ONNX_TENSOR_ELEMENT_DATA_TYPE_BOOL, DType::boolean},
};

std::optional<DType> dtype_of(ONNXTensorElementDataType type);

/// For messages.
const char* element_name(ONNXTensorElementDataType type);

/// A vector of indices as a tensor over the same memory.
Tensor index_tensor(std::vector<int32_t>& values);

/// Inputs and outputs of one kernel call.
class KernelValues {
 public:
  KernelValues(const OrtApi* api, OrtKernelContext* context) : api_(api), context_(context) {}

  const OrtApi* api() const { return api_; }
  const OrtKernelContext* context() const { return context_; }

  /// Empty where the node leaves the optional input out. `argument` is its public name.
  /// @throws Error DTYPE_MISMATCH or SHAPE_MISMATCH for what the op has no tensor for
  std::optional<Tensor> input(size_t index, const char* argument) const;

  /// As input(), refusing an input that was left out.
  Tensor required(size_t index, const char* argument) const;

  /// Whole numbers, int32 or int64, as int32. What does not fit is saturated: no index of ours is as large.
  std::optional<std::vector<int32_t>> indices(size_t index, const char* argument) const;

  /// Allocates an output; empty where the node leaves it out.
  std::optional<Tensor> output(size_t index, std::span<const int64_t> shape) const;

 private:
  const OrtValue* find_input(size_t index) const;
  Tensor describe(const OrtValue* value, const char* argument) const;

  const OrtApi* api_;
  OrtKernelContext* context_;
};

}  // namespace fa::ort
