// Integer divisions that would trap on one processor and give anything on another: a zero divisor is told to
// the engine and replaced by one, as is -1 under the least number, whose quotient does not fit.
#pragma once

#include <string>
#include <vector>

#include "compile/compiler.h"
#include "compile/instrument_text.h"
#include "compile/instrument_types.h"

namespace softmetal::ir {

class DivisionGuard {
 public:
  DivisionGuard(const Types& types, std::vector<Site>& sites) : types_(types), sites_(sites) {}
  // Appends the guarded instruction. False, and nothing is appended, when it is no division, or one by a
  // constant.
  bool rewrite(const Instruction& instruction, const Location& location, std::string& text);

 private:
  const Types& types_;
  std::vector<Site>& sites_;
  unsigned names_ = 0;
};

}  // namespace softmetal::ir
