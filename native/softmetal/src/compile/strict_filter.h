// The strict check's compiler knows C++ for OpenCL, not MSL: this drops what it refuses and MSL allows, and
// says the rest in MSL's words.
#pragma once

#include <vector>

#include "translate/program.h"

namespace softmetal {

std::vector<Diagnostic> in_terms_of_metal(const std::vector<Diagnostic>& diagnostics);

}  // namespace softmetal
