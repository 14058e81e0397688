#include "compile/instrument_private.h"

#include <map>

namespace softmetal::ir {
namespace {

// The pointer operands that the value is made of; empty = not a pointer that we follow.
std::vector<std::string_view> pointer_sources(const Instruction& one) {
  std::vector<std::string_view> operands = split_operands(one.rest), sources;
  if (one.opcode == "getelementptr" && operands.size() > 1) {
    sources.push_back(last_word(operands[1]));
  } else if (one.opcode == "select" && operands.size() > 2 && starts_with(operands[1], "ptr")) {
    sources = {last_word(operands[1]), last_word(operands[2])};
  } else if (one.opcode == "phi" && starts_with(one.rest, "ptr")) {
    // phi ptr [ %5, %4 ], [ %20, %19 ]
    for (std::string_view operand : operands) {
      size_t open = operand.find('[');
      if (open == std::string_view::npos) continue;
      std::string_view pair = operand.substr(open + 1);
      sources.push_back(trimmed(pair.substr(0, pair.find(','))));
    }
  }
  return sources;
}

}  // namespace

std::set<std::string_view> private_pointers(const std::vector<Instruction>& function) {
  std::set<std::string_view> result;
  std::map<std::string_view, std::vector<std::string_view>> derived;
  for (const Instruction& one : function) {
    if (one.result.empty()) continue;
    if (one.opcode == "alloca") result.insert(one.result);
    std::vector<std::string_view> sources = pointer_sources(one);
    if (!sources.empty()) derived.emplace(one.result, std::move(sources));
  }
  // Loops make values depend on themselves, so all are believed private until a source proves otherwise.
  for (const auto& [name, sources] : derived) result.insert(name);
  for (bool changed = true; changed;) {
    changed = false;
    for (const auto& [name, sources] : derived)
      for (std::string_view source : sources)
        if (!result.count(source)) changed |= result.erase(name) > 0;
  }
  return result;
}

}  // namespace softmetal::ir
