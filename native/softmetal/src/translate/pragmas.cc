// The preprocessor leaves macros in a #pragma as they are, so the count of `#pragma unroll(TILE / 8)` would
// be unknown names to the compiler. How often a loop is unrolled is its own business here.
#include "translate/passes.h"

namespace softmetal {

void replace_pragmas(Translation& translation) {
  for (Token& token : translation.tokens) {
    if (token.kind != TokenKind::kDirective) continue;
    size_t open = token.text.find('(');
    if (open == std::string::npos) continue;
    size_t last = token.text.find_last_not_of(' ', open - 1);
    std::string head = token.text.substr(0, last + 1);
    if (head == "#pragma unroll") token.text = head;
  }
}

}  // namespace softmetal
