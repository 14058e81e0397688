// How often a loop is unrolled. The preprocessor leaves macros in a #pragma as they are, so the count of
// `#pragma unroll(TILE / 8)` may hold names that mean nothing to the compiler: such a count is left out.
#include <set>

#include "translate/passes.h"

namespace softmetal {
namespace {

// Names in the text itself; a macro is in none of its tokens.
std::set<std::string_view> names_of(const Tokens& tokens) {
  std::set<std::string_view> names;
  for (const Token& token : tokens)
    if (token.is_name()) names.insert(token.text);
  return names;
}

bool knows_all(const std::set<std::string_view>& names, const std::string& count) {
  for (const Token& token : lex(count))
    if (token.is_name() && !names.contains(token.text)) return false;
  return true;
}

}  // namespace

void replace_pragmas(Translation& translation) {
  std::set<std::string_view> names;
  for (Token& token : translation.tokens) {
    if (token.kind != TokenKind::kDirective) continue;
    size_t open = token.text.find('(');
    if (open == std::string::npos) continue;
    size_t last = token.text.find_last_not_of(' ', open - 1);
    std::string head = token.text.substr(0, last + 1);
    if (head != "#pragma unroll") continue;
    if (names.empty()) names = names_of(translation.tokens);
    // The strict check does not compile loops.
    if (translation.dialect == Dialect::kStrict || !knows_all(names, token.text.substr(open)))
      token.text = head;
  }
}

}  // namespace softmetal
