// Rewrites one instruction that touches memory, so that the engine sees the access and says where it goes.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <vector>

#include "compile/compiler.h"
#include "compile/instrument_text.h"
#include "compile/instrument_types.h"
#include "kernel_abi.h"

namespace softmetal::ir {

// One pointer of an instruction and what is done through it. The views point into the instruction's line.
struct Touch {
  std::string_view pointer;
  std::string_view alignment;  // the text that claims it: "align 4"; empty when there is none
  sm_access_kind kind;
  uint64_t bytes = 0;
  std::string_view variable_bytes;  // "i64 %22": known at run time only
  bool copy = false;
};

class AccessRewriter {
 public:
  AccessRewriter(const Types& types, std::vector<Site>& sites) : types_(types), sites_(sites) {}
  // Appends the instruction to `text` with its pointers led through @sm_access. False, and nothing is
  // appended, when it touches no memory, or none but the private memory in `private_pointers`.
  bool rewrite(const Instruction& instruction, const std::set<std::string_view>& private_pointers,
               const Location& location, std::string& text);

 private:
  std::vector<Touch> touches(const Instruction& instruction) const;
  std::vector<Touch> load(const Instruction& instruction) const;
  std::vector<Touch> store(const Instruction& instruction) const;
  std::vector<Touch> atomic(const Instruction& instruction) const;
  std::vector<Touch> memory_call(const Instruction& instruction) const;
  std::string announce(const Touch& touch, const Location& location, std::string& text);

  const Types& types_;
  std::vector<Site>& sites_;
  unsigned names_ = 0;
};

}  // namespace softmetal::ir
