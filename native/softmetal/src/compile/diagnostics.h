// What clang printed, in the terms of the shader's author.
#pragma once

#include <exception>
#include <string>
#include <vector>

#include "translate/program.h"

namespace softmetal {

// Places inside the device's own headers or intermediate files become the author's place that led there;
// notes without such a place are dropped.
std::vector<Diagnostic> parse_diagnostics(const std::string& printed);

// The same with the notes that point into the library.
std::vector<Diagnostic> parse_all_diagnostics(const std::string& printed);

// In the library, where no author of a shader wants to look.
bool is_internal(const std::string& file);

bool has_error(const std::vector<Diagnostic>& diagnostics);

// One error without a place.
std::vector<Diagnostic> plain_error(std::string message);

// Of an exception: no memory, files that the system cannot follow. Those who ask for a kernel call by C, or
// are a thread's first function: no exception may reach them.
std::vector<Diagnostic> plain_error(const std::exception& problem);

}  // namespace softmetal
