#include "addon/tensor_reader.h"

#include "addon/value_reader.h"
#include "error.h"

namespace fa {

namespace {

constexpr const char* kTensorForm = "a tensor { data, shape, dtype }";

/// What Node-API leaves in place for views that are newer than it.
constexpr auto kUnknownView = static_cast<napi_typedarray_type>(15);

/// Views that this build's Node-API has no name for; Float16Array is the one that is of use.
bool is_newer(napi_typedarray_type type) { return type > napi_biguint64_array; }

struct TypedArray {
  napi_typedarray_type type = kUnknownView;
  void* data = nullptr;
  size_t length = 0;  ///< elements
};

TypedArray typed_array_of(Napi::Value view) {
  TypedArray array;
  napi_value buffer = nullptr;
  size_t offset = 0;
  const napi_status status =
      napi_get_typedarray_info(view.Env(), view, &array.type, &array.length, &array.data, &buffer, &offset);
  NAPI_THROW_IF_FAILED(view.Env(), status, array);
  return array;
}

std::string constructor_name(Napi::Value view) {
  const Napi::Value constructor = view.As<Napi::Object>().Get("constructor");
  if (!constructor.IsFunction()) return "another view";
  return value_text(constructor.As<Napi::Object>().Get("name"));
}

/// Bytes are bytes; anything wider has to agree with the dtype.
bool view_fits(Napi::Value view, DType dtype) {
  const napi_typedarray_type type = typed_array_of(view).type;
  if (type == napi_uint8_array) return true;
  switch (dtype) {
    case DType::float32:
      return type == napi_float32_array;
    case DType::float16:
      return type == napi_uint16_array || (is_newer(type) && constructor_name(view) == "'Float16Array'");
    case DType::bfloat16:
      return type == napi_uint16_array;
    case DType::int32:
      return type == napi_int32_array;
    case DType::int8:
      return type == napi_int8_array;
    case DType::boolean:
      return type == napi_uint8_clamped_array;
  }
  return false;
}

const char* view_names(DType dtype) {
  switch (dtype) {
    case DType::float32:
      return "data in a Float32Array";
    case DType::float16:
      return "data in a Uint16Array or Float16Array";
    case DType::bfloat16:
      return "data in a Uint16Array";
    case DType::int32:
      return "data in an Int32Array";
    case DType::int8:
      return "data in an Int8Array";
    case DType::boolean:
      return "data in a Uint8Array";
  }
  return "an ArrayBufferView";
}

void check_view(const char* argument, const Tensor& tensor, Napi::Value view) {
  if (!view.IsTypedArray() && !view.IsDataView()) {
    refuse_value(argument, std::string(view_names(tensor.dtype)) + " (an ArrayBufferView)", view);
  }
  if (view.IsTypedArray() && !view_fits(view, tensor.dtype)) {
    refuse(ErrorCode::INVALID_ARGUMENT, argument, view_names(tensor.dtype), constructor_name(view));
  }
  // A buffer that shrinks while a call runs would take its memory away.
  const Napi::Value buffer = view.As<Napi::Object>().Get("buffer");
  if (buffer.IsObject() &&
      buffer.As<Napi::Object>().Get("resizable").StrictEquals(Napi::Boolean::New(view.Env(), true))) {
    refuse(ErrorCode::INVALID_ARGUMENT, argument, "data in an ArrayBuffer of fixed length",
           "a resizable one");
  }
}

int read_sizes(const char* argument, Napi::Value value, const char* what,
               std::array<int64_t, kMaxRank>& target) {
  if (!value.IsArray()) refuse_value(argument, std::string(what) + ", an array of integers", value);
  const Napi::Array array = value.As<Napi::Array>();
  const uint32_t rank = array.Length();
  if (rank > kMaxRank) {
    refuse(ErrorCode::SHAPE_MISMATCH, argument, "a rank of at most " + std::to_string(kMaxRank),
           "rank " + std::to_string(rank));
  }
  for (uint32_t axis = 0; axis < rank; ++axis) {
    target[axis] = read_integer(argument, array[axis], std::string("integers in ") + what);
  }
  return static_cast<int>(rank);
}

}  // namespace

void BufferViews::add(const char* argument, Tensor& target, Napi::Value view) {
  check_view(argument, target, view);
  views_.push_back({argument, &target, view});
}

void BufferViews::resolve() {
  for (const View& view : views_) {
    if (view.view.IsDataView()) {
      size_t bytes = 0;
      void* data = nullptr;
      napi_value buffer = nullptr;
      size_t offset = 0;
      const napi_status status =
          napi_get_dataview_info(view.view.Env(), view.view, &bytes, &data, &buffer, &offset);
      NAPI_THROW_IF_FAILED_VOID(view.view.Env(), status);
      view.target->data = static_cast<std::byte*>(data);
      view.target->bytes = bytes;
      continue;
    }
    const TypedArray array = typed_array_of(view.view);
    // A view that fits has elements of the dtype's size, or bytes.
    const int64_t size = array.type == napi_uint8_array ? 1 : element_size(view.target->dtype);
    view.target->data = static_cast<std::byte*>(array.data);
    view.target->bytes = array.length * static_cast<size_t>(size);
  }
}

Napi::Array BufferViews::hold(Napi::Env env) const {
  Napi::Array held = Napi::Array::New(env, views_.size());
  for (size_t index = 0; index < views_.size(); ++index) {
    held[static_cast<uint32_t>(index)] = views_[index].view;
  }
  return held;
}

void read_tensor(const char* argument, Napi::Value value, Tensor& target, BufferViews* views) {
  const Napi::Object object = read_object(argument, value, kTensorForm);
  target.dtype = read_word(argument, object.Get("dtype"), parse_dtype, kDTypeNames);
  target.rank = read_sizes(argument, object.Get("shape"), "shape", target.shape);
  if (const auto strides = optional_property(object, "strides")) {
    const int count = read_sizes(argument, *strides, "strides", target.strides);
    if (count != target.rank) {
      refuse(ErrorCode::INVALID_ARGUMENT, argument, std::to_string(target.rank) + " strides",
             std::to_string(count));
    }
  } else {
    pack_strides(target);
  }
  if (views != nullptr) views->add(argument, target, object.Get("data"));
}

void read_optional_tensor(const char* argument, Napi::Object object, const char* property,
                          std::optional<Tensor>& target, BufferViews* views) {
  const auto value = optional_property(object, property);
  if (value) read_tensor(argument, *value, target.emplace(), views);
}

}  // namespace fa
