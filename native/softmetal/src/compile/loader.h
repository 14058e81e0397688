// Compiled kernels as parts of this process.
#pragma once

#include <string>

#include "compile/compiler.h"

namespace softmetal {

// Fills table, image range and argument names; returns what is wrong, or nothing. Never unloads.
std::string load_image(const std::string& file, LoadedKernel& kernel);

std::string demangled(const std::string& symbol);

}  // namespace softmetal
