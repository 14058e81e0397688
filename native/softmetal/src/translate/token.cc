#include "translate/token.h"

#include <cctype>
#include <cstdlib>

namespace softmetal {
namespace {

bool is_word(char c) { return std::isalnum(static_cast<unsigned char>(c)) || c == '_' || c == '$'; }
bool is_digit(char c) { return std::isdigit(static_cast<unsigned char>(c)); }

class Lexer {
 public:
  explicit Lexer(std::string_view text)
      : text_(text), file_(std::make_shared<std::string>("program_source")) {}

  Tokens run() {
    Tokens tokens;
    do {
      tokens.push_back(next());
    } while (tokens.back().kind != TokenKind::kEnd);
    return tokens;
  }

 private:
  char peek(size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }

  Token next() {
    size_t start = at_;
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_]))) {
      if (text_[at_] == '\n') {
        ++line_;
        line_begin_ = at_ + 1;
        at_line_start_ = true;
      }
      ++at_;
    }
    Token token{TokenKind::kEnd, std::string(text_.substr(start, at_ - start)), "", file_, line_, column()};
    if (at_ >= text_.size()) return token;
    size_t begin = at_;
    token.kind = consume();
    token.text = text_.substr(begin, at_ - begin);
    if (token.kind == TokenKind::kDirective) read_marker(token.text);
    at_line_start_ = false;
    return token;
  }

  int column() const { return static_cast<int>(at_ - line_begin_) + 1; }

  TokenKind consume() {
    char c = peek();
    if (c == '#' && at_line_start_) {
      while (at_ < text_.size() && text_[at_] != '\n') ++at_;
      return TokenKind::kDirective;
    }
    if (c == '"' || c == '\'') return consume_quoted(c);
    if (is_digit(c) || (c == '.' && is_digit(peek(1)))) return consume_number();
    if (is_word(c)) {
      while (is_word(peek())) ++at_;
      return TokenKind::kIdentifier;
    }
    static const char* const kPairs[] = {"::", "->", "&&", "||", "<=", ">=", "==", "!=", "+=", "-=",
                                         "*=", "/=", "%=", "&=", "|=", "^=", "++", "--", "[[", "<<"};
    for (const char* pair : kPairs) {
      if (text_.substr(at_, 2) == pair) {
        at_ += 2;
        return TokenKind::kPunctuation;
      }
    }
    ++at_;
    return TokenKind::kPunctuation;
  }

  TokenKind consume_quoted(char quote) {
    ++at_;
    while (at_ < text_.size() && text_[at_] != quote) at_ += text_[at_] == '\\' ? 2 : 1;
    ++at_;
    if (at_ > text_.size()) at_ = text_.size();
    return TokenKind::kString;
  }

  TokenKind consume_number() {
    bool hexadecimal = peek() == '0' && (peek(1) == 'x' || peek(1) == 'X');
    while (is_word(peek()) || peek() == '.' || (peek() == '\'' && is_word(peek(1)))) {
      char c = peek() | 0x20;
      bool exponent = hexadecimal ? c == 'p' : c == 'e';
      ++at_;
      if (exponent && (peek() == '+' || peek() == '-')) ++at_;
    }
    return TokenKind::kNumber;
  }

  // # 12 "name" flags, or #line 12 "name"
  void read_marker(const std::string& text) {
    size_t at = 1;
    while (at < text.size() && text[at] == ' ') ++at;
    if (text.compare(at, 5, "line ") == 0) at += 5;
    if (at >= text.size() || !is_digit(text[at])) return;
    line_ = std::atoi(text.c_str() + at) - 1;  // of the line break that ends the marker
    size_t open = text.find('"', at), close = text.rfind('"');
    if (open != std::string::npos && close > open) {
      file_ = std::make_shared<std::string>(text.substr(open + 1, close - open - 1));
    }
  }

  std::string_view text_;
  size_t at_ = 0, line_begin_ = 0;
  int line_ = 1;
  bool at_line_start_ = true;
  std::shared_ptr<const std::string> file_;
};

size_t after_attribute(const Tokens& tokens, size_t open) {
  int depth = 0;
  for (size_t i = open; i < tokens.size(); ++i) {
    if (tokens[i].is("[[")) depth += 2;
    if (tokens[i].is("[")) ++depth;
    if (tokens[i].is("]") && --depth == 0) return i + 1;
  }
  return tokens.size() - 1;
}

}  // namespace

Tokens lex(std::string_view text) { return Lexer(text).run(); }

std::string print(const Tokens& tokens) {
  std::string text;
  for (const Token& token : tokens) {
    text += token.space;
    text += token.text;
  }
  return text;
}

std::string spell(const Tokens& tokens, Range range) {
  std::string text;
  for (size_t i = range.begin; i < range.end; ++i) {
    const Token& token = tokens[i];
    if (token.kind == TokenKind::kDirective || token.text.find_first_not_of(' ') == std::string::npos)
      continue;
    if (!text.empty() && !token.space.empty()) text += ' ';
    if (!text.empty() && token.space.empty() && is_word(text.back()) && is_word(token.text[0])) text += ' ';
    text += token.text;
  }
  return text;
}

size_t next_code(const Tokens& tokens, size_t at) {
  while (at + 1 < tokens.size() && tokens[at].kind == TokenKind::kDirective) ++at;
  return at;
}

size_t previous_code(const Tokens& tokens, size_t at) {
  while (at > 0 && tokens[at].kind == TokenKind::kDirective) --at;
  return at;
}

size_t after_bracket(const Tokens& tokens, size_t open) {
  const std::string& text = tokens[open].text;
  if (text == "[[" || text == "[") return after_attribute(tokens, open);
  std::string_view closing = text == "(" ? ")" : text == "{" ? "}" : ">";
  int depth = 0;
  for (size_t i = open; i < tokens.size(); ++i) {
    if (tokens[i].kind == TokenKind::kDirective) continue;
    if (text == "<" && (tokens[i].is("(") || tokens[i].is("{"))) {
      i = after_bracket(tokens, i) - 1;
      continue;
    }
    if (text == "<" && tokens[i].is(";")) return open + 1;  // it was "less than"
    if (tokens[i].text == text) ++depth;
    if (tokens[i].text == closing && --depth == 0) return i + 1;
  }
  return tokens.size() - 1;
}

std::vector<Range> split(const Tokens& tokens, Range range, std::string_view separator) {
  std::vector<Range> parts;
  size_t begin = range.begin;
  for (size_t i = range.begin; i < range.end;) {
    const Token& token = tokens[i];
    bool angle = token.is("<") && i > range.begin && tokens[i - 1].is_name();
    if (token.is("(") || token.is("[") || token.is("[[") || token.is("{") || angle) {
      size_t after = after_bracket(tokens, i);
      i = after <= range.end ? after : i + 1;
    } else if (token.is(separator)) {
      parts.push_back({begin, i});
      begin = ++i;
    } else {
      ++i;
    }
  }
  if (begin < range.end || !parts.empty()) parts.push_back({begin, range.end});
  return parts;
}

void blank(Token& token) {
  if (token.kind == TokenKind::kDirective || token.kind == TokenKind::kEnd) return;
  for (char& c : token.text) {
    if (c != '\n') c = ' ';
  }
  token.kind = TokenKind::kPunctuation;
}

void blank(Tokens& tokens, Range range) {
  for (size_t i = range.begin; i < range.end; ++i) blank(tokens[i]);
}

Diagnostic diagnostic_at(const Token& token, std::string message, std::string severity) {
  return {*token.file, token.line, token.column, std::move(severity), std::move(message)};
}

}  // namespace softmetal
