// v.x += y in a template, in a program with an operator+= of its own: the compiler then asks for an
// overloaded operator before it knows that x is a property. SM_MEMBER((v), x) += y names the component
// itself.
#include <set>

#include "translate/passes.h"

namespace softmetal {
namespace {

bool is_component(const Token& token) {
  return token.text.size() == 1 && std::string("xyzwrgba").find(token.text) != std::string::npos;
}

// The compound assignments that the program declares.
std::set<std::string> declared_operators(const Tokens& tokens) {
  std::set<std::string> found;
  for (size_t i = 0; i + 1 < tokens.size(); ++i) {
    const std::string& text = tokens[i + 1].text;
    if (tokens[i].is("operator") && text.size() == 2 && text[1] == '=') found.insert(text);
  }
  for (const char* comparison : {"==", "!=", "<=", ">="}) found.erase(comparison);
  return found;
}

size_t before_opening(const Tokens& tokens, size_t close, size_t least) {
  int depth = 0;
  for (size_t i = close; i > least; --i) {
    depth += tokens[i].is("]") || tokens[i].is(")");
    depth -= tokens[i].is("[") || tokens[i].is("(");
    if (depth == 0) return i - 1;
  }
  return least;
}

// Where the object in front of `.` or `->` begins: a, a.b[i], f(x)->c.
size_t object_begin(const Tokens& tokens, size_t access, size_t least) {
  size_t at = access - 1;
  while (at > least) {
    while (at > least && (tokens[at].is("]") || tokens[at].is(")"))) at = before_opening(tokens, at, least);
    const Token& before = tokens[at - 1];
    if (!before.is(".") && !before.is("->") && !before.is("::")) break;
    at -= 2;
  }
  return at;
}

void replace_in(Tokens& tokens, Range body, const std::set<std::string>& operators) {
  for (size_t i = body.begin + 2; i + 1 < body.end; ++i) {
    bool member = tokens[i - 1].is(".") || tokens[i - 1].is("->");
    if (!member || !is_component(tokens[i]) || !operators.count(tokens[i + 1].text)) continue;
    size_t begin = object_begin(tokens, i - 1, body.begin);
    tokens[begin].text = (tokens[i - 1].is("->") ? "SM_MEMBER((*" : "SM_MEMBER((") + tokens[begin].text;
    tokens[i - 1].text = "), ";
    tokens[i].text += ")";
  }
}

}  // namespace

void replace_member_assignments(Translation& translation) {
  const std::set<std::string> operators = declared_operators(translation.tokens);
  if (operators.empty()) return;
  std::set<size_t> done;  // members of class templates are visited with their class
  for_each_declaration(translation.declarations, [&](const Declaration& declaration) {
    if (!declaration.is_template()) return;
    auto visit = [&](const Declaration& inner) {
      bool body = inner.kind == DeclarationKind::kFunction && done.insert(inner.body.begin).second;
      if (body) replace_in(translation.tokens, inner.body, operators);
    };
    visit(declaration);
    for_each_declaration(declaration.members, visit);
  });
}

}  // namespace softmetal
