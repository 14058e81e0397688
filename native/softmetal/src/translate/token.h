// The text as tokens. Passes edit tokens in place, so whatever they do not touch keeps its line and column.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "translate/program.h"

namespace softmetal {

enum class TokenKind { kIdentifier, kNumber, kString, kPunctuation, kDirective, kEnd };

struct Token {
  TokenKind kind;
  std::string space;  // white space in front
  std::string text;
  std::shared_ptr<const std::string> file;  // by the line markers
  int line, column;

  bool is(std::string_view word) const { return text == word; }
  bool is_name() const { return kind == TokenKind::kIdentifier; }
};

using Tokens = std::vector<Token>;

// Tokens [begin, end).
struct Range {
  size_t begin = 0, end = 0;
  bool empty() const { return begin >= end; }
};

// The last token is always kEnd. `>>` and `]]` are two tokens each; `[[` is one.
Tokens lex(std::string_view text);
std::string print(const Tokens& tokens);

// Text of a range on one line, without directives: for types and expressions.
std::string spell(const Tokens& tokens, Range range);

// The first token at or after `at` (or at or before it) that is not a line marker or a pragma.
size_t next_code(const Tokens& tokens, size_t at);
size_t previous_code(const Tokens& tokens, size_t at);

// One past the bracket that closes the one at `open`: ( [ [[ { or <.
size_t after_bracket(const Tokens& tokens, size_t open);

// The parts of [begin, end) between top-level separators. Brackets of all kinds are skipped, angle brackets
// where they follow a name.
std::vector<Range> split(const Tokens& tokens, Range range, std::string_view separator);

// Replaces by spaces: columns stay. Directives are kept.
void blank(Token& token);
void blank(Tokens& tokens, Range range);

Diagnostic diagnostic_at(const Token& token, std::string message, std::string severity = "error");

}  // namespace softmetal
