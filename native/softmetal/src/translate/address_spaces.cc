#include <set>

#include "translate/passes.h"

namespace softmetal {
namespace {

bool beside_const(const Tokens& tokens, size_t at) {
  size_t after = at + 1;
  while (is_address_space(tokens[after])) ++after;
  return tokens[after].is("const") || (at > 0 && tokens[previous_code(tokens, at - 1)].is("const"));
}

}  // namespace

bool is_address_space(const Token& token) {
  static const std::set<std::string, std::less<>> words = {
      "device", "threadgroup", "thread", "constant", "ray_data", "object_data", "threadgroup_imageblock"};
  return token.is_name() && words.count(token.text) != 0;
}

std::string spell_plain(const Tokens& tokens, Range range) {
  Tokens part(tokens.begin() + range.begin, tokens.begin() + range.end);
  for (Token& token : part) {
    if (token.is("constant")) {
      token.text = "const";
    } else if (is_address_space(token)) {
      blank(token);
    }
  }
  blank_attributes(part, {0, part.size()});
  return spell(part, {0, part.size()});
}

namespace {

// complex(float x) constant : ... - a constructor cannot be const.
void blank_constructor_qualifiers(Translation& translation) {
  for_each_declaration(translation.declarations, [&](const Declaration& type) {
    if (type.kind != DeclarationKind::kClass || type.name.empty()) return;
    const std::string name = translation.tokens[type.name.begin].text;
    for (const Declaration& member : type.members) {
      if (member.kind != DeclarationKind::kFunction || translation.tokens[member.name.begin].text != name)
        continue;
      for (size_t i = member.qualifiers.begin; i < member.qualifiers.end; ++i) {
        if (is_address_space(translation.tokens[i])) blank(translation.tokens[i]);
      }
    }
  });
}

}  // namespace

void replace_address_spaces(Translation& translation) {
  Tokens& tokens = translation.tokens;
  blank_constructor_qualifiers(translation);
  for (size_t i = 0; i < tokens.size(); ++i) {
    if (!is_address_space(tokens[i])) continue;
    if (tokens[i].is("constant") && !beside_const(tokens, i)) {
      tokens[i].text = "const   ";
    } else {
      blank(tokens[i]);
    }
  }
}

}  // namespace softmetal
