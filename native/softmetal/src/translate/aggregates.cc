// In MSL's C++14 a class whose constructors are all `= default` can be initialised as an aggregate, {1, 2}.
// In C++20 any constructor that is written down prevents this, so these are taken out: they do nothing.
#include "translate/passes.h"

namespace softmetal {
namespace {

bool is_constructor(const Tokens& tokens, const Declaration& type, const Declaration& member) {
  return member.kind == DeclarationKind::kFunction &&
         tokens[member.name.begin].is(tokens[type.name.begin].text);
}

bool is_defaulted(const Tokens& tokens, const Declaration& member) {
  size_t equals = member.qualifiers.end;
  return tokens[equals].is("=") && tokens[next_code(tokens, equals + 1)].is("default");
}

}  // namespace

void drop_defaulted_constructors(Translation& translation) {
  Tokens& tokens = translation.tokens;
  for_each_declaration(translation.declarations, [&](const Declaration& type) {
    if (type.kind != DeclarationKind::kClass || type.name.empty()) return;
    std::vector<Range> defaulted;
    for (const Declaration& member : type.members) {
      if (!is_constructor(tokens, type, member)) continue;
      if (!is_defaulted(tokens, member)) return;
      defaulted.push_back(member.all);
    }
    for (Range range : defaulted) blank(tokens, range);
  });
}

}  // namespace softmetal
