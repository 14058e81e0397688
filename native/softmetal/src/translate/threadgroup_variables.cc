// threadgroup float tile[8][32]; in a body becomes SM_THREADGROUP(tile, float[8][32]), which names a place in
// the threadgroup's memory. A pointer to threadgroup memory is an ordinary variable and stays.
#include "translate/passes.h"

namespace softmetal {
namespace {

struct Statement {
  size_t begin;     // first specifier
  size_t type_end;  // one past the type: the first declarator starts here
  size_t semicolon;
  std::string type, alignment;
};

class Placer {
 public:
  explicit Placer(Translation& translation) : translation_(translation), tokens_(translation.tokens) {}

  void body(const Declaration& declaration) {
    Range range = declaration.body;
    for (size_t i = range.begin; i < range.end; ++i) {
      if (!tokens_[i].is("threadgroup")) continue;
      Statement statement;
      if (!read_statement(i, range, statement)) continue;
      bool variable = is_variable({statement.type_end, statement.semicolon});
      if (variable && translation_.dialect == Dialect::kStrict && !is_kernel(declaration)) {
        translation_.error(
            i, "a threadgroup variable must be declared in a kernel, not in a function that it calls");
      }
      if (variable) replace(statement);
      i = statement.semicolon;
    }
  }

  void program_scope(const Declaration& declaration) {
    if (!tokens_[declaration.first].is("threadgroup")) return;
    Statement statement;
    if (!read_statement(declaration.first, declaration.all, statement)) return;
    if (is_variable({statement.type_end, statement.semicolon})) {
      translation_.error(declaration.first, "a threadgroup variable must be declared inside a kernel");
    }
  }

 private:
  bool is_kernel(const Declaration& declaration) const {
    for (const Kernel& kernel : translation_.program.kernels) {
      const Token& name = tokens_[declaration.name.begin];
      if (kernel.name == declaration.scope + name.text && kernel.line == name.line) return true;
    }
    return false;
  }

  static bool is_blank(const Token& token) { return token.text.find_first_not_of(' ') == std::string::npos; }

  // Back over what may stand in front of `threadgroup` in a declaration.
  bool find_begin(size_t word, Range range, size_t& begin) const {
    begin = word;
    for (size_t i = word; i > range.begin;) {
      --i;
      const Token& token = tokens_[i];
      if (token.is(";") || token.is("{") || token.is("}") || token.is(":")) return true;
      if (token.kind == TokenKind::kDirective || is_blank(token)) continue;
      if (token.is(")")) {  // alignas(16), or the head of an if or for
        size_t open = i;
        for (int depth = 0; open > range.begin; --open) {
          depth += tokens_[open].is(")");
          depth -= tokens_[open].is("(");
          if (depth == 0) break;
        }
        if (open == range.begin || !tokens_[open - 1].is("alignas")) return false;
        i = open - 1;
      } else if (!token.is_name() || token.is("return")) {
        return false;
      }
      begin = i;
    }
    return true;
  }

  bool read_statement(size_t word, Range range, Statement& statement) const {
    if (!find_begin(word, range, statement.begin)) return false;
    size_t i = statement.begin, last_name = 0;
    while (i < range.end) {
      const Token& token = tokens_[i];
      bool skipped = token.kind == TokenKind::kDirective || is_blank(token) || is_address_space(token) ||
                     token.is("static");
      if (token.is("alignas")) {
        size_t after = after_bracket(tokens_, i + 1);
        statement.alignment += spell_plain(tokens_, {i, after}) + " ";
        i = after;
      } else if (skipped) {
        ++i;
      } else if (token.is("<") || (token.is("(") && tokens_[i - 1].is("decltype"))) {
        i = after_bracket(tokens_, i);
        last_name = 0;
      } else if (token.is_name() || token.is("::")) {
        last_name = token.is("::") ? 0 : i;
        ++i;
      } else {
        break;
      }
    }
    bool pointer = tokens_[i].is("*") || tokens_[i].is("&") || tokens_[i].is("(");
    statement.type_end = pointer ? i : last_name;
    if (!statement.type_end || statement.type_end <= statement.begin) return false;
    statement.semicolon = i;
    while (statement.semicolon < range.end && !tokens_[statement.semicolon].is(";")) {
      const Token& token = tokens_[statement.semicolon];
      bool opens = token.is("(") || token.is("[") || token.is("{");
      statement.semicolon = opens ? after_bracket(tokens_, statement.semicolon) : statement.semicolon + 1;
    }
    statement.type = type_text(statement);
    return statement.semicolon < range.end && !statement.type.empty();
  }

  std::string type_text(const Statement& statement) const {
    std::string text;
    for (size_t i = statement.begin; i < statement.type_end; ++i) {
      if (tokens_[i].is("alignas")) {
        i = after_bracket(tokens_, i + 1) - 1;
      } else if (!is_address_space(tokens_[i]) && !tokens_[i].is("static")) {
        std::string word = spell(tokens_, {i, i + 1});
        if (!text.empty() && !tokens_[i].space.empty()) text += ' ';
        text += word;
      }
    }
    size_t first = text.find_first_not_of(' ');
    return first == std::string::npos ? "" : text.substr(first);
  }

  // A declarator without * or &, or a pointer that itself lies in threadgroup memory: T* threadgroup p[4].
  bool is_variable(Range declarators) const {
    for (const Range& part : split(tokens_, declarators, ",")) {
      if (declarator_type_end(part) != kPrivate) return true;
    }
    return false;
  }

  static constexpr size_t kPrivate = ~size_t{0};

  // Where the name begins; kPrivate for a pointer or reference in the thread's own memory.
  size_t declarator_type_end(Range part) const {
    size_t name = next_code(tokens_, part.begin);
    bool indirect = false, in_threadgroup = false;
    for (; name < part.end &&
           !(tokens_[name].is_name() && !is_address_space(tokens_[name]) && !tokens_[name].is("const"));
         ++name) {
      indirect |= tokens_[name].is("*") || tokens_[name].is("&") || tokens_[name].is("(");
      if (tokens_[name].is("*")) in_threadgroup = false;
      if (tokens_[name].is("threadgroup")) in_threadgroup = true;
    }
    return indirect && !in_threadgroup ? kPrivate : name;
  }

  void replace(const Statement& statement) {
    Range declarators{statement.type_end, statement.semicolon};
    std::string text;
    for (const Range& part : split(tokens_, declarators, ",")) {
      size_t name = declarator_type_end(part);
      if (!text.empty()) text += "; ";
      if (name == kPrivate) {
        text += pointer_text(statement, part);
      } else {
        text += variable_text(statement, part, name);
      }
    }
    size_t first = next_code(tokens_, statement.begin);
    blank(tokens_, {statement.begin, statement.semicolon});
    tokens_[first].text = text;
  }

  std::string pointer_text(const Statement& statement, Range part) const {
    const char* space = translation_.dialect == Dialect::kStrict ? "threadgroup " : "";
    return space + statement.type + " " + spell_plain(tokens_, part);
  }

  std::string variable_text(const Statement& statement, Range part, size_t name) {
    Range dimensions{name + 1, part.end};
    for (size_t i = dimensions.begin; i < dimensions.end; ++i) {
      if (tokens_[i].is("[")) i = after_bracket(tokens_, i) - 1;
      if (tokens_[i].is("=") || tokens_[i].is("{") || tokens_[i].is("(")) {
        translation_.error(name,
                           "threadgroup variable '" + tokens_[name].text + "' cannot have an initialiser");
        dimensions.end = i;
      }
    }
    std::string type = statement.type + spell_plain(tokens_, {part.begin, name});
    return statement.alignment + "SM_THREADGROUP(" + tokens_[name].text + ", " + type +
           spell_plain(tokens_, dimensions) + ")";
  }

  Translation& translation_;
  Tokens& tokens_;
};

}  // namespace

void place_threadgroup_variables(Translation& translation) {
  for_each_declaration(translation.declarations, [&](const Declaration& declaration) {
    if (declaration.kind == DeclarationKind::kFunction && declaration.is_definition()) {
      Placer(translation).body(declaration);
    } else if (declaration.kind == DeclarationKind::kOther && declaration.template_lists.empty()) {
      Placer(translation).program_scope(declaration);
    }
  });
}

}  // namespace softmetal
