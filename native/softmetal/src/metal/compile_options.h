// MTLCompileOptions.
#pragma once

#include <map>
#include <string>

#include "compile/compiler.h"
#include "objc/object.h"

namespace softmetal {

struct CompileOptions : Object {
  CompileOptions();
  // What the compiler is to do with them.
  LibraryOptions library_options() const;

  std::map<std::string, std::string> macros;
  bool fast_math = true;
  uint64_t math_mode = 2;         // MTLMathMode: safe, relaxed, fast
  uint64_t language_version = 0;  // 0: not set, the newest that the device knows
  uint64_t library_type = 0, optimization_level = 0, compile_symbol_visibility = 0, math_functions = 0;
  bool preserve_invariance = false, allow_referencing_undefined = false;
  uint64_t max_total_threads = 0;
  std::string install_name;
};

void register_compile_options();

}  // namespace softmetal
