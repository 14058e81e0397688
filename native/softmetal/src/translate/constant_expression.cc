// Integer constant expressions inside attributes: [[buffer(BASE + 1)]].
#include <cstdlib>

#include "translate/attributes.h"

namespace softmetal {
namespace {

int precedence(const std::string& op) {
  if (op == "*" || op == "/" || op == "%") return 6;
  if (op == "+" || op == "-") return 5;
  if (op == "<<" || op == ">>") return 4;
  if (op == "&") return 3;
  if (op == "^") return 2;
  if (op == "|") return 1;
  return 0;
}

std::optional<long> apply(const std::string& op, long left, long right) {
  if ((op == "/" || op == "%") && right == 0) return {};
  if (op == "*") return left * right;
  if (op == "/") return left / right;
  if (op == "%") return left % right;
  if (op == "+") return left + right;
  if (op == "-") return left - right;
  if (op == "<<") return left << right;
  if (op == ">>") return left >> right;
  if (op == "&") return left & right;
  if (op == "^") return left ^ right;
  return left | right;
}

class Evaluator {
 public:
  Evaluator(const Tokens& tokens, Range range, const IntegerConstants& constants) : constants_(constants) {
    for (size_t i = range.begin; i < range.end; ++i) {
      if (tokens[i].kind != TokenKind::kDirective) words_.push_back(&tokens[i]);
    }
  }

  std::optional<long> run() {
    std::optional<long> value = expression(1);
    return at_ == words_.size() ? value : std::nullopt;
  }

 private:
  const Token* peek() const { return at_ < words_.size() ? words_[at_] : nullptr; }

  std::string binary_operator() const {
    const Token* token = peek();
    if (!token) return "";
    bool shift = token->is(">") && at_ + 1 < words_.size() && words_[at_ + 1]->is(">");
    return shift ? ">>" : token->text;
  }

  std::optional<long> expression(int least) {
    std::optional<long> left = operand();
    for (std::string op = binary_operator(); left && precedence(op) >= least; op = binary_operator()) {
      at_ += op == ">>" ? 2 : 1;
      std::optional<long> right = expression(precedence(op) + 1);
      left = right ? apply(op, *left, *right) : std::nullopt;
    }
    return left;
  }

  std::optional<long> operand() {
    const Token* token = peek();
    if (!token) return {};
    ++at_;
    if (token->is("-") || token->is("+") || token->is("~")) {
      std::optional<long> value = operand();
      if (!value) return {};
      return token->is("-") ? -*value : token->is("~") ? ~*value : *value;
    }
    if (token->is("(")) return parenthesised();
    if (token->kind == TokenKind::kNumber) return std::strtol(token->text.c_str(), nullptr, 0);
    if (!token->is_name()) return {};
    std::string name = token->text;
    while (peek() && peek()->is("::") && at_ + 1 < words_.size()) {
      name = words_[at_ + 1]->text;
      at_ += 2;
    }
    if (peek() && peek()->is("(")) {  // a conversion: int(Enum::value)
      ++at_;
      return parenthesised();
    }
    auto found = constants_.find(name);
    return found == constants_.end() ? std::nullopt : std::optional<long>(found->second);
  }

  std::optional<long> parenthesised() {
    std::optional<long> value = expression(1);
    if (!peek() || !peek()->is(")")) return {};
    ++at_;
    return value;
  }

  const IntegerConstants& constants_;
  std::vector<const Token*> words_;
  size_t at_ = 0;
};

void read_enumerators(const Tokens& tokens, Range body, IntegerConstants& constants) {
  long next = 0;
  for (Range part : split(tokens, body, ",")) {
    size_t name = next_code(tokens, part.begin);
    if (name >= part.end || !tokens[name].is_name()) continue;
    size_t equals = next_code(tokens, name + 1);
    if (equals < part.end && tokens[equals].is("=")) {
      std::optional<long> value = evaluate(tokens, {equals + 1, part.end}, constants);
      if (!value) return;
      next = *value;
    }
    constants[tokens[name].text] = next++;
  }
}

bool is_integer_type(const Token& token) {
  return token.is("int") || token.is("uint") || token.is("short") || token.is("ushort") ||
         token.is("unsigned") || token.is("long") || token.is("ulong") || token.is("size_t") ||
         token.is("char") || token.is("uchar") || token.is("int32_t") || token.is("uint32_t") ||
         token.is("auto");
}

}  // namespace

std::optional<long> evaluate(const Tokens& tokens, Range range, const IntegerConstants& constants) {
  return Evaluator(tokens, range, constants).run();
}

IntegerConstants integer_constants(const Tokens& tokens) {
  IntegerConstants constants;
  for (size_t i = 0; i + 3 < tokens.size(); ++i) {
    if (tokens[i].is("enum")) {
      size_t open = i;
      while (open + 1 < tokens.size() && !tokens[open].is("{") && !tokens[open].is(";")) ++open;
      if (tokens[open].is("{"))
        read_enumerators(tokens, {open + 1, after_bracket(tokens, open) - 1}, constants);
    }
    // int NAME = expression;
    if (!is_integer_type(tokens[i]) || !tokens[i + 1].is_name() || !tokens[i + 2].is("=")) continue;
    size_t end = i + 3;
    while (end + 1 < tokens.size() && !tokens[end].is(";") && !tokens[end].is("{")) ++end;
    std::optional<long> value = evaluate(tokens, {i + 3, end}, constants);
    if (value) constants.emplace(tokens[i + 1].text, *value);
  }
  return constants;
}

}  // namespace softmetal
