// A literal with a point and without a suffix is float in MSL; h and bf are suffixes of their own.
#include <set>

#include "translate/passes.h"

namespace softmetal {
namespace {

bool ends_with(const std::string& text, const char* end) {
  std::string_view wanted(end);
  return text.size() >= wanted.size() &&
         text.compare(text.size() - wanted.size(), wanted.size(), wanted) == 0;
}

bool is_floating(const std::string& text) {
  bool hexadecimal = text.size() > 1 && (text[1] == 'x' || text[1] == 'X');
  return text.find_first_of(hexadecimal ? ".pP" : ".eE") != std::string::npos;
}

void replace_number(std::string& text, Dialect dialect) {
  if (!is_floating(text)) return;
  bool bfloat = ends_with(text, "bf") || ends_with(text, "BF");
  if (bfloat) {
    text = "bfloat(" + text.substr(0, text.size() - 2) + "f)";
    return;
  }
  char last = text.back();
  bool hexadecimal = text.size() > 1 && (text[1] == 'x' || text[1] == 'X');
  bool digits_only = hexadecimal ? text.find_first_of("pP") != std::string::npos && last != 'f' &&
                                       last != 'F' && last != 'h' && last != 'H'
                                 : last == '.' || (last >= '0' && last <= '9');
  if ((last == 'h' || last == 'H') && dialect == Dialect::kRun) {
    text.back() = 'f';
    text += "16";  // the compiler's own suffix of _Float16: one rounding
  } else if (digits_only) {
    text += 'f';
  }
}

// Names to MSL's authors, words to C++20.
bool is_new_keyword(const Token& token) {
  static const std::set<std::string> words = {"concept",  "requires",  "consteval", "constinit", "char8_t",
                                              "co_await", "co_return", "co_yield",  "import",    "module"};
  return token.is_name() && words.count(token.text) != 0;
}

}  // namespace

void replace_literals(Translation& translation) {
  for (Token& token : translation.tokens) {
    if (token.kind == TokenKind::kNumber) replace_number(token.text, translation.dialect);
    if (is_new_keyword(token)) token.text += '_';
  }
}

}  // namespace softmetal
