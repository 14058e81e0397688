#include "addon/onnxruntime_values.h"

#include <cstring>

#include "addon/value_reader.h"

namespace fa::ort {
namespace {

struct JavaScriptType {
  ONNXTensorElementDataType onnx;
  const char* name;
  size_t bits;
};

constexpr JavaScriptType kJavaScriptTypes[] = {
    {ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT, "float32", 32},
    {ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT8, "uint8", 8},
    {ONNX_TENSOR_ELEMENT_DATA_TYPE_INT8, "int8", 8},
    {ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT16, "uint16", 16},
    {ONNX_TENSOR_ELEMENT_DATA_TYPE_INT16, "int16", 16},
    {ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32, "int32", 32},
    {ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64, "int64", 64},
    {ONNX_TENSOR_ELEMENT_DATA_TYPE_BOOL, "bool", 8},
    {ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT16, "float16", 16},
    {ONNX_TENSOR_ELEMENT_DATA_TYPE_DOUBLE, "float64", 64},
    {ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT32, "uint32", 32},
    {ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT64, "uint64", 64},
    {ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT4, "uint4", 4},
    {ONNX_TENSOR_ELEMENT_DATA_TYPE_INT4, "int4", 4},
};

constexpr const char* kTypeNames =
    "float32, float64, float16, int8, uint8, int16, uint16, int32, uint32, int64, uint64, int4, uint4 or "
    "bool";

const JavaScriptType* find_type(ONNXTensorElementDataType type) {
  for (const JavaScriptType& known : kJavaScriptTypes) {
    if (known.onnx == type) return &known;
  }
  return nullptr;
}

const JavaScriptType& read_type(const char* argument, Napi::Value value) {
  const std::string name = read_text(argument, value, kTypeNames);
  for (const JavaScriptType& known : kJavaScriptTypes) {
    if (name == known.name) return known;
  }
  refuse(ErrorCode::UNSUPPORTED, argument, kTypeNames, "'" + name + "'");
}

std::vector<int64_t> read_dims(const char* argument, Napi::Value value) {
  constexpr const char* kExpected = "dims of whole numbers from 0";
  if (!value.IsArray()) refuse_value(argument, kExpected, value);
  const Napi::Array array = value.As<Napi::Array>();
  std::vector<int64_t> dims;
  for (uint32_t axis = 0; axis < array.Length(); ++axis) {
    const Napi::Value size = array[axis];
    dims.push_back(read_integer(argument, size, kExpected));
    if (dims.back() < 0) refuse_value(argument, kExpected, size);
  }
  return dims;
}

/// Bytes of a tensor; elements of 4 bits lie two to a byte.
size_t byte_count(const char* argument, const std::vector<int64_t>& dims, size_t bits) {
  size_t elements = 1;
  for (const int64_t size : dims) {
    if (__builtin_mul_overflow(elements, static_cast<size_t>(size), &elements)) {
      refuse(ErrorCode::SIZE_OVERFLOW, argument, "a byte count below 2^63", "more");
    }
  }
  if (elements > (size_t{1} << 57))
    refuse(ErrorCode::SIZE_OVERFLOW, argument, "a byte count below 2^63", "more");
  return (elements * bits + 7) / 8;
}

/// Sizes of results that are handed over without a copy. A copy of a smaller one costs less than the handing
/// over, one of a larger one is nothing beside its computation, and ONNX Runtime's arena would never let go
/// of its memory.
constexpr size_t kSmallestHandedOver = size_t{64} << 10, kLargestHandedOver = size_t{4} << 20;

struct Memory {
  void* data;
  size_t bytes;
};

Memory read_memory(const char* argument, Napi::Value value) {
  if (!value.IsTypedArray()) refuse_value(argument, "data in a typed array", value);
  const Napi::TypedArray array = value.As<Napi::TypedArray>();
  return {static_cast<std::byte*>(array.ArrayBuffer().Data()) + array.ByteOffset(), array.ByteLength()};
}

void* data_of(const OwnedValue& value) {
  void* data = nullptr;
  check(value.get_deleter().api->GetTensorMutableData(value.get(), &data));
  return data;
}

Napi::Value buffer_of(Napi::Env env, const OwnedValue& value, size_t bytes) {
  Napi::ArrayBuffer buffer = Napi::ArrayBuffer::New(env, bytes);
  if (bytes != 0) std::memcpy(buffer.Data(), data_of(value), bytes);
  return buffer;
}

/// A buffer over the value's memory, which lives as long as the buffer.
Napi::Value buffer_over(Napi::Env env, OwnedValue value, size_t bytes) {
  if (bytes < kSmallestHandedOver || bytes > kLargestHandedOver) return buffer_of(env, value, bytes);
  auto held = std::make_unique<OwnedValue>(std::move(value));
  const auto let_go = [](napi_env, void*, void* held) { delete static_cast<OwnedValue*>(held); };
  napi_value buffer = nullptr;
  const napi_status status =
      napi_create_external_arraybuffer(env, data_of(*held), bytes, let_go, held.get(), &buffer);
  // Hosts with a memory cage, such as Electron, take no memory but their own.
  if (status == napi_no_external_buffers_allowed) return buffer_of(env, *held, bytes);
  if (status != napi_ok) throw Napi::Error::New(env);
  held.release();
  return Napi::Value(env, buffer);
}

}  // namespace

std::string type_name(ONNXTensorElementDataType type) {
  if (type == ONNX_TENSOR_ELEMENT_DATA_TYPE_STRING) return "string";
  const JavaScriptType* known = find_type(type);
  return known == nullptr ? std::string() : known->name;
}

OwnedValue value_over(const OrtApi* api, const std::string& argument, Napi::Value tensor) {
  const char* name = argument.c_str();
  const Napi::Object object = read_object(name, tensor, "a tensor");
  const JavaScriptType& type = read_type(name, object.Get("type"));
  const std::vector<int64_t> dims = read_dims(name, object.Get("dims"));
  // Last, because reading a property can run the caller's code, which could detach the buffer.
  const Memory memory = read_memory(name, object.Get("data"));
  const size_t bytes = byte_count(name, dims, type.bits);
  if (memory.bytes < bytes) {
    refuse(ErrorCode::BUFFER_TOO_SHORT, name, std::to_string(bytes) + " bytes", std::to_string(memory.bytes));
  }
  static std::byte nothing[8];
  OrtMemoryInfo* info = nullptr;
  check(api->CreateCpuMemoryInfo(OrtDeviceAllocator, OrtMemTypeDefault, &info));
  const std::unique_ptr<OrtMemoryInfo, void (*)(OrtMemoryInfo*)> owner(info, api->ReleaseMemoryInfo);
  OrtValue* value = nullptr;
  check(api->CreateTensorWithDataAsOrtValue(info, bytes == 0 ? nothing : memory.data, bytes, dims.data(),
                                            dims.size(), type.onnx, &value));
  return OwnedValue(value, ReleaseValue{api});
}

Napi::Object tensor_of(Napi::Env env, const std::string& argument, OwnedValue value, OutputMemory memory) {
  const OrtApi* api = value.get_deleter().api;
  const char* name = argument.c_str();
  int is_tensor = 0;
  check(api->IsTensor(value.get(), &is_tensor));
  if (is_tensor == 0) refuse(ErrorCode::UNSUPPORTED, name, "a tensor", "a sequence, map or optional");
  OrtTensorTypeAndShapeInfo* info = nullptr;
  check(api->GetTensorTypeAndShape(value.get(), &info));
  const std::unique_ptr<OrtTensorTypeAndShapeInfo, void (*)(OrtTensorTypeAndShapeInfo*)> owner(
      info, api->ReleaseTensorTypeAndShapeInfo);
  ONNXTensorElementDataType onnx_type{};
  check(api->GetTensorElementType(info, &onnx_type));
  const JavaScriptType* type = find_type(onnx_type);
  if (type == nullptr) {
    refuse(ErrorCode::UNSUPPORTED, name, kTypeNames, "ONNX element type " + std::to_string(onnx_type));
  }
  size_t rank = 0;
  check(api->GetDimensionsCount(info, &rank));
  std::vector<int64_t> dims(rank);
  check(api->GetDimensions(info, dims.data(), rank));
  const size_t bytes = byte_count(name, dims, type->bits);

  Napi::Array shape = Napi::Array::New(env, rank);
  for (size_t axis = 0; axis < rank; ++axis) {
    shape.Set(static_cast<uint32_t>(axis), Napi::Number::New(env, static_cast<double>(dims[axis])));
  }
  Napi::Object tensor = Napi::Object::New(env);
  tensor.Set("type", type->name);
  tensor.Set("dims", shape);
  tensor.Set("buffer", memory == OutputMemory::own ? buffer_over(env, std::move(value), bytes)
                                                   : buffer_of(env, value, bytes));
  return tensor;
}

}  // namespace fa::ort
