// Which pointers of a function surely point into its own stack frame.
#pragma once

#include <set>
#include <string_view>
#include <vector>

#include "compile/instrument_text.h"

namespace softmetal::ir {

// Names of the values that are an alloca, or derived from nothing but allocas.
std::set<std::string_view> private_pointers(const std::vector<Instruction>& function);

}  // namespace softmetal::ir
