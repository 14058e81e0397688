// Recursion, found in the calls of a program's LLVM IR.
#pragma once

#include <string>
#include <vector>

#include "translate/program.h"

namespace softmetal {

// One diagnostic for each cycle of calls. The IR has debug locations and its functions are not inlined.
std::vector<Diagnostic> find_recursion(const std::string& llvm_ir);

}  // namespace softmetal
