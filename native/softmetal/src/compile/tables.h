// The tables of an instrumented kernel as a file beside it.
#pragma once

#include <string>
#include <vector>

#include "compile/compiler.h"

namespace softmetal {

struct KernelTables {
  std::vector<Site> sites;
  std::vector<Block> blocks;
};

std::string to_text(const KernelTables& tables);
// False when the text is not one that to_text wrote.
bool parse_tables(const std::string& text, KernelTables& tables);

}  // namespace softmetal
