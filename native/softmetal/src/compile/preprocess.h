// The first step of every compilation, ordinary or strict.
#pragma once

#include <string>
#include <vector>

#include "compile/compiler.h"
#include "compile/toolchain.h"

namespace softmetal {

struct Preprocessed {
  std::string text;  // starts with the line marker of the source
  std::vector<Diagnostic> diagnostics;
};

// Kept in the cache with the hashes of the files that it included. `text` is empty when there are errors.
Preprocessed preprocess(const std::string& source, const LibraryOptions& options, const Toolchain& tools);

}  // namespace softmetal
