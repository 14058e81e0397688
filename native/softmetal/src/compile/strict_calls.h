// Recursion and calls through pointers, found in a program's LLVM IR.
#pragma once

#include <string>
#include <vector>

#include "translate/program.h"

namespace softmetal {

// One diagnostic for each cycle of calls and each call of a function that is not named. The IR has debug
// locations and its functions are not inlined.
std::vector<Diagnostic> check_calls(const std::string& llvm_ir);

}  // namespace softmetal
