// MTLFunctionConstantValues: values as the C++ literals that the compiler is given.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "objc/object.h"
#include "translate/program.h"

namespace softmetal {

struct ConstantValue {
  std::string type;     // as MSL spells it: "half4"
  std::string literal;  // "half4(half(0x1p+0f), ...)"
};

struct FunctionConstantValues : Object {
  FunctionConstantValues();
  std::map<uint64_t, ConstantValue> by_index;
  std::map<std::string, ConstantValue> by_name;
};

// One value of an MTLDataType at `bytes`; an empty type for one that cannot be a function constant.
ConstantValue constant_value(const void* bytes, uint64_t data_type);
size_t constant_size(uint64_t data_type);
// The MTLDataType of a type as the program spells it; 0 when it is none of these.
uint64_t data_type_named(const std::string& type);

// What compile_function() takes; false, with the reason, when a value has another type than its constant.
bool select_constants(const Program& program, const FunctionConstantValues& values,
                      std::map<int, std::string>& literals, std::string& reason);

void register_function_constants();

}  // namespace softmetal
