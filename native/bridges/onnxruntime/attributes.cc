#include "attributes.h"

#include <cstring>
#include <string_view>
#include <utility>

namespace fa::ort {
namespace {

/// Several attributes may spell one argument of the op.
const char* argument_of(std::string_view attribute) {
  static constexpr std::pair<std::string_view, const char*> kArguments[] = {
      {"causal_offset", "causal"},    {"is_causal", "causal"},
      {"window_left", "window"},      {"window_right", "window"},
      {"left_window_size", "window"}, {"right_window_size", "window"},
      {"dropout_rate", "dropout"},    {"seed", "dropout"},
  };
  for (const auto& [name, argument] : kArguments) {
    if (name == attribute) return argument;
  }
  return attribute.data();
}

[[noreturn]] void refuse_type(const char* name, const char* expected) {
  refuse(ErrorCode::INVALID_ARGUMENT, argument_of(name),
         std::string("attribute ") + name + " of type " + expected, "another type");
}

/// True when the attribute was read, false when it is not there. ONNX Runtime tells that apart from a wrong
/// type by the message alone.
bool was_read(const OrtApi* api, OrtStatus* status, const char* name, const char* expected) {
  if (status == nullptr) return true;
  const bool absent = std::strstr(api->GetErrorMessage(status), "No attribute with") != nullptr;
  api->ReleaseStatus(status);
  if (!absent) refuse_type(name, expected);
  return false;
}

}  // namespace

const OrtOpAttr* NodeAttributes::find(const char* name) const {
  const OrtOpAttr* attribute = nullptr;
  if (OrtStatus* status = api_->Node_GetAttributeByName(node_, name, &attribute); status != nullptr) {
    // Hosts differ: some answer an absent attribute with null, some with NOT_FOUND.
    const bool absent = api_->GetErrorCode(status) == ORT_NOT_FOUND;
    if (!absent) throw HostFailure{status};
    api_->ReleaseStatus(status);
    return nullptr;
  }
  return attribute;
}

std::optional<int64_t> NodeAttributes::integer(const char* name) const {
  const OrtOpAttr* attribute = find(name);
  if (attribute == nullptr) return std::nullopt;
  OrtOpAttrType type{};
  check(api_->OpAttr_GetType(attribute, &type));
  if (type != ORT_OP_ATTR_INT) refuse_type(name, "int");
  int64_t value = 0;
  size_t size = 0;
  check(api_->ReadOpAttr(attribute, type, &value, sizeof value, &size));
  return value;
}

std::optional<double> NodeAttributes::real(const char* name) const {
  const OrtOpAttr* attribute = find(name);
  if (attribute == nullptr) return std::nullopt;
  OrtOpAttrType type{};
  check(api_->OpAttr_GetType(attribute, &type));
  if (type != ORT_OP_ATTR_FLOAT) refuse_type(name, "float");
  float value = 0;
  size_t size = 0;
  check(api_->ReadOpAttr(attribute, type, &value, sizeof value, &size));
  return value;
}

std::optional<std::string> NodeAttributes::text(const char* name) const {
  const OrtOpAttr* attribute = find(name);
  if (attribute == nullptr) return std::nullopt;
  OrtOpAttrType type{};
  check(api_->OpAttr_GetType(attribute, &type));
  if (type != ORT_OP_ATTR_STRING) refuse_type(name, "string");
  size_t size = 0;
  if (OrtStatus* status = api_->ReadOpAttr(attribute, type, nullptr, 0, &size); status != nullptr) {
    api_->ReleaseStatus(status);  // the first call only asks for the size
  }
  std::string value(size, '\0');
  check(api_->ReadOpAttr(attribute, type, value.data(), value.size(), &size));
  value.resize(std::strlen(value.c_str()));
  return value;
}

std::optional<int64_t> KernelAttributes::integer(const char* name) const {
  int64_t value = 0;
  if (!was_read(api_, api_->KernelInfoGetAttribute_int64(info_, name, &value), name, "int"))
    return std::nullopt;
  return value;
}

std::optional<double> KernelAttributes::real(const char* name) const {
  float value = 0;
  if (!was_read(api_, api_->KernelInfoGetAttribute_float(info_, name, &value), name, "float"))
    return std::nullopt;
  return value;
}

std::optional<std::string> KernelAttributes::text(const char* name) const {
  size_t size = 0;
  if (!was_read(api_, api_->KernelInfoGetAttribute_string(info_, name, nullptr, &size), name, "string")) {
    return std::nullopt;
  }
  std::string value(size, '\0');
  check(api_->KernelInfoGetAttribute_string(info_, name, value.data(), &size));
  value.resize(std::strlen(value.c_str()));
  return value;
}

}  // namespace fa::ort
