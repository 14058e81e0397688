// The command lines of the compiler, and what every kernel shares: precompiled headers and link inputs.
#pragma once

#include <string>
#include <vector>

#include "compile/compiler.h"
#include "compile/toolchain.h"

namespace softmetal {

using Words = std::vector<std::string>;

Words operator+(Words left, const Words& right);

// MSL text -> text without directives and macros, on the standard output.
Words preprocess_command(const Toolchain& tools, const LibraryOptions& options, const std::string& source,
                         const std::string& dependencies);

struct CodeOptions {
  bool fast_math = true;
  BuildMode mode = BuildMode::kFast;
};

// Of C++ text: everything but input, output and kind of output.
Words language_flags(const CodeOptions& options);

// Of LLVM IR as text, which carries most of these decisions already.
Words assembly_flags(const CodeOptions& options);

// The same in every kernel of these options; built on first use, then found in the cache.
struct Shared {
  std::string headers;  // stdlib/run/metal.h, precompiled
  Words link_inputs;
  std::string failure;
};
Shared shared_parts(const Toolchain& tools, const CodeOptions& options);

Words link_command(const Toolchain& tools, const Words& inputs, const std::string& output);

}  // namespace softmetal
