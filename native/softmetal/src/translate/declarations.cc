#include "translate/declarations.h"

namespace softmetal {
namespace {

bool is_class_word(const Token& token) {
  return token.is("struct") || token.is("class") || token.is("union") || token.is("enum");
}

class Parser {
 public:
  explicit Parser(const Tokens& tokens) : tokens_(tokens) {}

  std::vector<Declaration> scope(Range range, const std::string& name) {
    std::vector<Declaration> found;
    // The compiler refuses what is nested deeper.
    if (depth_ == kDeepest) return found;
    ++depth_;
    size_t at = code(range.begin);
    while (at < range.end && tokens_[at].kind != TokenKind::kEnd) {
      size_t after = skip_label(at, range.end);
      if (after == at) {
        Declaration declaration = one(at, range.end, name);
        after = declaration.all.end;
        found.push_back(std::move(declaration));
      }
      at = code(after > at ? after : at + 1);
    }
    --depth_;
    return found;
  }

 private:
  size_t code(size_t at) const { return next_code(tokens_, at); }
  const Token& token(size_t at) const { return tokens_[at]; }

  // Stray semicolons and `public:`.
  size_t skip_label(size_t at, size_t end) const {
    if (token(at).is(";")) return at + 1;
    bool access = token(at).is("public") || token(at).is("private") || token(at).is("protected");
    if (access && at + 1 < end && token(code(at + 1)).is(":")) return code(at + 1) + 1;
    return at;
  }

  Declaration one(size_t at, size_t end, const std::string& scope_name) {
    Declaration result;
    result.scope = scope_name;
    result.all.begin = at;
    while (at < end && token(at).is("template")) {
      size_t open = code(at + 1);
      if (!token(open).is("<")) {
        result.kind = DeclarationKind::kInstantiation;
        result.first = open;
        return finish(result, to_semicolon(open, end));
      }
      size_t after = after_bracket(tokens_, open);
      result.template_lists.push_back({open + 1, after - 1});
      at = code(after);
    }
    result.first = at;
    size_t word = at;
    if (token(word).is("inline")) word = code(word + 1);
    if (token(word).is("namespace") || is_linkage(word)) return namespace_at(result, word, end);
    if (token(at).is("using") || token(at).is("typedef") || token(at).is("static_assert")) {
      return finish(result, to_semicolon(at, end));
    }
    return declarator(result, at, end);
  }

  bool is_linkage(size_t at) const {
    return token(at).is("extern") && token(code(at + 1)).kind == TokenKind::kString &&
           token(code(code(at + 1) + 1)).is("{");
  }

  Declaration namespace_at(Declaration& result, size_t word, size_t end) {
    size_t open = word;
    while (open < end && !token(open).is("{") && !token(open).is(";")) ++open;
    if (!token(open).is("{")) return finish(result, open + 1);
    result.kind = DeclarationKind::kNamespace;
    result.name = {word + 1, open};
    std::string name = result.scope;
    if (token(word).is("namespace") && word + 1 < open) name += spell(tokens_, result.name) + "::";
    size_t after = after_bracket(tokens_, open);
    result.body = {open + 1, after - 1};
    result.members = scope(result.body, name);
    return finish(result, after);
  }

  // Specifiers and declarator up to a body, a parameter list or the semicolon.
  Declaration declarator(Declaration& result, size_t at, size_t end) {
    size_t class_word = 0;
    for (size_t i = at; i < end;) {
      const Token& t = token(i);
      if (t.is(";")) return finish(result, i + 1);
      if (t.is("=")) return finish(result, to_semicolon(i, end));
      if (t.is("}")) return finish(result, i);  // unbalanced text: the compiler reports it
      if (is_class_word(t) && !class_word) class_word = i;
      if (t.is("{"))
        return class_word ? class_body(result, class_word, i, end) : finish(result, to_semicolon(i, end));
      if (t.is("operator")) return operator_function(result, i, end);
      if (t.is("(")) {
        size_t before = previous_code(tokens_, i - 1);
        if (is_parameter_list(at, i, before)) return function(result, {before, i}, i, end);
      }
      i = skip(i);
    }
    return finish(result, end);
  }

  // One past this token, or past the brackets that it opens.
  size_t skip(size_t i) const {
    const Token& t = token(i);
    bool angle = t.is("<") && i > 0 && token(previous_code(tokens_, i - 1)).is_name();
    if (t.is("(") || t.is("[") || t.is("[[") || t.is("{") || angle) return after_bracket(tokens_, i);
    return i + 1;
  }

  bool is_parameter_list(size_t first, size_t open, size_t before) const {
    if (before < first || open <= first) return false;
    const Token& name = token(before);
    if (name.is(">")) return true;  // f<int>(...)
    if (name.is("]")) return true;  // void f [[attribute]] (...)
    return name.is_name() && !name.is("alignas") && !name.is("__attribute__") && !name.is("decltype") &&
           !name.is("explicit") && !name.is("_Alignas") && !name.is("noexcept");
  }

  Declaration operator_function(Declaration& result, size_t word, size_t end) {
    size_t open = word + 1;
    if (token(open).is("(") && token(code(open + 1)).is(")")) open = code(open + 1) + 1;  // operator()
    while (open < end && !token(open).is("(") && !token(open).is(";")) ++open;
    if (open >= end || !token(open).is("(")) return finish(result, to_semicolon(word, end));
    return function(result, {word, open}, open, end);
  }

  Declaration function(Declaration& result, Range name, size_t open, size_t end) {
    result.kind = DeclarationKind::kFunction;
    result.name = full_name(result.first, name);
    size_t after = after_bracket(tokens_, open);
    result.parameters = {open + 1, after - 1};
    size_t i = after;
    bool initialisers = false;
    while (i < end && !token(i).is(";")) {
      const Token& t = token(i);
      if (t.is(":") && !initialisers) {
        initialisers = true;
        result.qualifiers = {after, i};
      }
      if (t.is("{") && !(initialisers && is_member_initialiser(i))) break;
      if (t.is("=")) {
        result.qualifiers = {after, i};
        return finish(result, to_semicolon(i, end));
      }
      if (t.is("}")) return finish(result, i);
      i = t.is("{") ? after_bracket(tokens_, i) : skip(i);
    }
    if (!initialisers) result.qualifiers = {after, i};
    if (i >= end || token(i).is(";")) return finish(result, i + 1);
    size_t close = after_bracket(tokens_, i);
    result.body = {i + 1, close - 1};
    return finish(result, close);
  }

  // In `: a(x), b{y} {`: the brace after a name initialises a member.
  bool is_member_initialiser(size_t brace) const {
    const Token& before = token(previous_code(tokens_, brace - 1));
    return before.is_name() || before.is(">");
  }

  // Back over `<...>`, attributes, `~` and `a::`.
  Range full_name(size_t first, Range name) const {
    size_t begin = name.begin;
    if (token(begin).is("]")) {
      while (begin > first && !token(begin).is("[[")) --begin;
      begin = previous_code(tokens_, begin - 1);
      name.end = begin + 1;
    }
    if (token(begin).is(">")) {
      int depth = 0;
      for (; begin > first; --begin) {
        if (token(begin).is(">")) ++depth;
        if (token(begin).is("<") && --depth == 0) break;
      }
      begin = previous_code(tokens_, begin - 1);
    }
    while (begin > first + 1 && token(begin - 1).is("::") && token(begin - 2).is_name()) begin -= 2;
    if (begin > first && token(begin - 1).is("~")) --begin;
    return {begin, name.end};
  }

  Declaration class_body(Declaration& result, size_t word, size_t open, size_t end) {
    size_t after = after_bracket(tokens_, open);
    if (!token(word).is("enum")) {
      result.kind = DeclarationKind::kClass;
      result.body = {open + 1, after - 1};
      result.name = class_name(word + 1, open);
      result.members = scope(result.body, result.scope + spell(tokens_, result.name) + "::");
    }
    return finish(result, to_semicolon(after, end));
  }

  Range class_name(size_t at, size_t open) const {
    while (at < open && !token(at).is_name()) at = skip(at);
    if (token(at).is("alignas") || token(at).is("__attribute__"))
      return class_name(after_bracket(tokens_, at + 1), open);
    size_t end = at;
    while (end < open && !token(end).is(":") && !token(end).is("final")) end = skip(end);
    return {at, end};
  }

  size_t to_semicolon(size_t at, size_t end) const {
    while (at < end && !token(at).is(";")) {
      bool opens = token(at).is("(") || token(at).is("[") || token(at).is("[[") || token(at).is("{");
      at = opens ? after_bracket(tokens_, at) : at + 1;
    }
    return at < end ? at + 1 : end;
  }

  static Declaration finish(Declaration& result, size_t end) {
    result.all.end = end;
    return std::move(result);
  }

  static constexpr int kDeepest = 256;

  const Tokens& tokens_;
  int depth_ = 0;
};

}  // namespace

std::vector<Declaration> parse_declarations(const Tokens& tokens) {
  return Parser(tokens).scope({0, tokens.size() - 1}, "");
}

}  // namespace softmetal
