#include "compile/instrument_target.h"

#include <algorithm>

#include "compile/instrument_text.h"

namespace softmetal {
namespace {

constexpr std::string_view kProcessorKeys[] = {"\"target-cpu\"=\"", "\"target-features\"=\"",
                                               "\"tune-cpu\"=\""};

std::string without_processor(std::string line) {
  for (std::string_view key : kProcessorKeys) {
    size_t start = line.find(key);
    if (start == std::string::npos) continue;
    size_t quote = line.find('"', start + key.size());
    if (quote != std::string::npos) line.erase(start, quote + 1 - start);
  }
  return line;
}

}  // namespace

std::string without_target(std::string_view text) {
  std::string result;
  result.reserve(text.size());
  while (!text.empty()) {
    size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
    std::string_view line = text.substr(0, end);
    text.remove_prefix(end);
    if (ir::starts_with(line, "target datalayout") || ir::starts_with(line, "target triple")) continue;
    if (ir::starts_with(line, "attributes #"))
      result += without_processor(std::string(line));
    else
      result += line;
  }
  return result;
}

}  // namespace softmetal
