#include "values.h"

#include <algorithm>
#include <cstdint>
#include <memory>

namespace fa::ort {
namespace {

using InfoOwner = std::unique_ptr<OrtTensorTypeAndShapeInfo, void (*)(OrtTensorTypeAndShapeInfo*)>;

InfoOwner info_of(const OrtApi* api, const OrtValue* value) {
  OrtTensorTypeAndShapeInfo* info = nullptr;
  check(api->GetTensorTypeAndShape(value, &info));
  return {info, api->ReleaseTensorTypeAndShapeInfo};
}

}  // namespace

Tensor index_tensor(std::vector<int32_t>& values) {
  Tensor tensor = packed_tensor(std::array{static_cast<int64_t>(values.size())}, DType::int32);
  tensor.data = reinterpret_cast<std::byte*>(values.data());
  tensor.bytes = values.size() * sizeof(int32_t);
  return tensor;
}

std::optional<DType> dtype_of(ONNXTensorElementDataType type) {
  for (const ElementType& known : kElementTypes) {
    if (known.onnx == type) return known.dtype;
  }
  return std::nullopt;
}

const char* element_name(ONNXTensorElementDataType type) {
  if (const auto dtype = dtype_of(type)) return to_string(*dtype);
  switch (type) {
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_DOUBLE:
      return "float64";
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64:
      return "int64";
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT16:
      return "int16";
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT8:
      return "uint8";
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT16:
      return "uint16";
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT32:
      return "uint32";
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT64:
      return "uint64";
    case ONNX_TENSOR_ELEMENT_DATA_TYPE_STRING:
      return "string";
    default:
      return "a dtype without a counterpart";
  }
}

Tensor KernelValues::describe(const OrtValue* value, const char* argument) const {
  const InfoOwner info = info_of(api_, value);

  ONNXTensorElementDataType type{};
  check(api_->GetTensorElementType(info.get(), &type));
  const auto dtype = dtype_of(type);
  if (!dtype) refuse(ErrorCode::DTYPE_MISMATCH, argument, kDTypeNames, element_name(type));

  size_t rank = 0;
  check(api_->GetDimensionsCount(info.get(), &rank));
  if (rank > kMaxRank) {
    refuse(ErrorCode::SHAPE_MISMATCH, argument, "a rank of at most " + std::to_string(kMaxRank),
           std::to_string(rank));
  }
  Tensor tensor;
  tensor.dtype = *dtype;
  tensor.rank = static_cast<int>(rank);
  check(api_->GetDimensions(info.get(), tensor.shape.data(), rank));
  pack_strides(tensor);
  size_t elements = 0;
  check(api_->GetTensorShapeElementCount(info.get(), &elements));
  tensor.bytes = elements * static_cast<size_t>(element_size(*dtype));
  void* data = nullptr;
  check(api_->GetTensorMutableData(const_cast<OrtValue*>(value), &data));
  tensor.data = static_cast<std::byte*>(data);
  return tensor;
}

const OrtValue* KernelValues::find_input(size_t index) const {
  size_t count = 0;
  check(api_->KernelContext_GetInputCount(context_, &count));
  const OrtValue* value = nullptr;
  if (index < count) check(api_->KernelContext_GetInput(context_, index, &value));
  return value;
}

std::optional<Tensor> KernelValues::input(size_t index, const char* argument) const {
  const OrtValue* value = find_input(index);
  if (value == nullptr) return std::nullopt;
  return describe(value, argument);
}

std::optional<std::vector<int32_t>> KernelValues::indices(size_t index, const char* argument) const {
  const OrtValue* value = find_input(index);
  if (value == nullptr) return std::nullopt;
  const InfoOwner info = info_of(api_, value);
  ONNXTensorElementDataType type{};
  check(api_->GetTensorElementType(info.get(), &type));
  size_t count = 0;
  check(api_->GetTensorShapeElementCount(info.get(), &count));
  void* data = nullptr;
  check(api_->GetTensorMutableData(const_cast<OrtValue*>(value), &data));
  std::vector<int32_t> values(count);
  if (type == ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32) {
    std::copy_n(static_cast<const int32_t*>(data), count, values.begin());
  } else if (type == ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64) {
    std::transform(
        static_cast<const int64_t*>(data), static_cast<const int64_t*>(data) + count, values.begin(),
        [](int64_t wide) { return static_cast<int32_t>(std::clamp<int64_t>(wide, INT32_MIN, INT32_MAX)); });
  } else {
    refuse(ErrorCode::DTYPE_MISMATCH, argument, "int32 or int64", element_name(type));
  }
  return values;
}

Tensor KernelValues::required(size_t index, const char* argument) const {
  auto tensor = input(index, argument);
  if (!tensor) refuse(ErrorCode::INVALID_ARGUMENT, argument, "a tensor", "none");
  return *tensor;
}

std::optional<Tensor> KernelValues::output(size_t index, std::span<const int64_t> shape) const {
  size_t count = 0;
  check(api_->KernelContext_GetOutputCount(context_, &count));
  if (index >= count) return std::nullopt;
  OrtValue* value = nullptr;
  check(api_->KernelContext_GetOutput(context_, index, shape.data(), shape.size(), &value));
  if (value == nullptr) return std::nullopt;
  return describe(value, "out");
}

}  // namespace fa::ort
