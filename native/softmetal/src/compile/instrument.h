// Rewrites the text of LLVM IR: every access to memory goes through sm_api.access, every block of code is
// announced.
#pragma once

#include <string>
#include <vector>

#include "compile/compiler.h"

namespace softmetal {

struct Instrumented {
  std::string text;
  std::vector<Site> sites;
  std::vector<Block> blocks;
};

Instrumented instrument(const std::string& llvm_ir);

}  // namespace softmetal
