#include "metal/function_constants.h"

#include "metal/types.h"
#include "metal/validation.h"
#include "objc/foundation.h"

namespace softmetal {
namespace {

constexpr char kClass[] = "MTLFunctionConstantValues";

void refuse_type(const char* selector, uint64_t type) {
  report_refusal(ReportKind::kEncoding, std::string("-[MTLFunctionConstantValues ") + selector + "]",
                 "MTLDataType " + std::to_string(type) + " cannot be a function constant");
}

void set_range(FunctionConstantValues* self, const void* values, uint64_t type, IndexRange range,
               const char* selector) {
  auto* bytes = static_cast<const char*>(values);
  for (uint64_t i = 0; i < range.length; ++i) {
    ConstantValue value = constant_value(bytes + i * constant_size(type), type);
    if (value.type.empty()) return refuse_type(selector, type);
    self->by_index[range.location + i] = std::move(value);
  }
}

void set_at_index(FunctionConstantValues* self, Selector, const void* value, uint64_t type, uint64_t index) {
  set_range(self, value, type, {index, 1}, "setConstantValue:type:atIndex:");
}

void set_with_range(FunctionConstantValues* self, Selector, const void* values, uint64_t type,
                    IndexRange range) {
  set_range(self, values, type, range, "setConstantValues:type:withRange:");
}

void set_with_name(FunctionConstantValues* self, Selector, const void* bytes, uint64_t type, Object* name) {
  ConstantValue value = constant_value(bytes, type);
  if (value.type.empty()) return refuse_type("setConstantValue:type:withName:", type);
  self->by_name[std::string(text_of(name))] = std::move(value);
}

void reset(FunctionConstantValues* self, Selector) {
  self->by_index.clear();
  self->by_name.clear();
}

}  // namespace

FunctionConstantValues::FunctionConstantValues() : Object(class_named(kClass)) {}

bool select_constants(const Program& program, const FunctionConstantValues& values,
                      std::map<int, std::string>& literals, std::string& reason) {
  for (const FunctionConstant& constant : program.constants) {
    const ConstantValue* value = nullptr;
    auto by_index = values.by_index.find(constant.index);
    if (by_index != values.by_index.end()) value = &by_index->second;
    auto by_name = values.by_name.find(constant.name);
    if (by_name != values.by_name.end()) value = &by_name->second;
    if (!value) continue;
    uint64_t declared = data_type_named(constant.type);
    if (declared && declared != data_type_named(value->type)) {
      reason = "function constant '" + constant.name + "' (index " + std::to_string(constant.index) +
               ") has type " + constant.type + ", but its value was given as " + value->type;
      return false;
    }
    literals[constant.index] = value->literal;
  }
  return true;
}

void register_function_constants() {
  allocate_with<FunctionConstantValues>(kClass);
  add_method(kClass, "setConstantValue:type:atIndex:", set_at_index);
  add_method(kClass, "setConstantValues:type:withRange:", set_with_range);
  add_method(kClass, "setConstantValue:type:withName:", set_with_name);
  add_method(kClass, "reset", reset);
}

}  // namespace softmetal
