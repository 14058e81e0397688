#include <map>

#include "translate/passes.h"

namespace softmetal {
namespace {

const std::map<std::string, const char*, std::less<>>& strict_words() {
  static const std::map<std::string, const char*, std::less<>> words = {
      {"device", "__global"},
      {"threadgroup", "__local"},
      {"thread", "__private"},
      {"constant", "__constant"},
      {"ray_data", "__private"},
      {"object_data", "__local"},
      {"threadgroup_imageblock", "__local"}};
  return words;
}

bool beside_const(const Tokens& tokens, size_t at) {
  size_t after = at + 1;
  while (is_address_space(tokens[after])) ++after;
  return tokens[after].is("const") || (at > 0 && tokens[previous_code(tokens, at - 1)].is("const"));
}

}  // namespace

bool is_address_space(const Token& token) { return token.is_name() && strict_words().count(token.text) != 0; }

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

void replace_address_spaces(Translation& translation) {
  Tokens& tokens = translation.tokens;
  for (size_t i = 0; i < tokens.size(); ++i) {
    if (!is_address_space(tokens[i])) continue;
    if (translation.dialect == Dialect::kStrict) {
      tokens[i].text = strict_words().find(tokens[i].text)->second;
    } else if (tokens[i].is("constant") && !beside_const(tokens, i)) {
      tokens[i].text = "const   ";
    } else {
      blank(tokens[i]);
    }
  }
}

}  // namespace softmetal
