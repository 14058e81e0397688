// The tables of an instrumented kernel as a file beside it.
#pragma once

#include <string>
#include <vector>

#include "compile/compiler.h"

namespace softmetal {

struct Tables {
  std::vector<Site> sites;
  std::vector<Block> blocks;
};

std::string to_text(const Tables& tables);
// False when the text is not one that to_text wrote.
bool parse_tables(const std::string& text, Tables& tables);

}  // namespace softmetal
