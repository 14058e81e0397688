// static_cast between half and bfloat is legal in MSL and refused by the compiler. Where a template's
// arguments or the name of the type make it possible, `static_cast<T>(x)` becomes a function that knows
// better.
#include <set>

#include "translate/passes.h"

namespace softmetal {
namespace {

bool is_half_type(const Token& token) {
  static const std::set<std::string> names = {"half", "bfloat", "float16_t", "bfloat16_t"};
  return names.count(token.text) != 0;
}

void replace_in(Tokens& tokens, Range body, bool in_template) {
  for (size_t i = body.begin; i + 4 < body.end; ++i) {
    const Token& type = tokens[i + 2];
    bool named =
        tokens[i].is("static_cast") && tokens[i + 1].is("<") && type.is_name() && tokens[i + 3].is(">");
    if (named && (is_half_type(type) || (in_template && !type.is("void")))) tokens[i].text = "sm::cast";
  }
}

void visit(Tokens& tokens, const std::vector<Declaration>& declarations, bool in_template) {
  for (const Declaration& declaration : declarations) {
    bool dependent = in_template || declaration.is_template();
    visit(tokens, declaration.members, dependent);
    if (declaration.kind == DeclarationKind::kFunction) replace_in(tokens, declaration.body, dependent);
  }
}

}  // namespace

void replace_casts(Translation& translation) { visit(translation.tokens, translation.declarations, false); }

}  // namespace softmetal
