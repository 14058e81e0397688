// What clang printed, in the terms of the shader's author.
#pragma once

#include <string>
#include <vector>

#include "translate/program.h"

namespace softmetal {

// Places inside the device's own headers or intermediate files become the author's place that led there;
// notes without such a place are dropped.
std::vector<Diagnostic> parse_diagnostics(const std::string& printed);

bool has_error(const std::vector<Diagnostic>& diagnostics);

// One error without a place.
std::vector<Diagnostic> plain_error(std::string message);

}  // namespace softmetal
