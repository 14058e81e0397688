// constant int N [[function_constant(0)]]; is declared here and defined by entry_text().
#include <set>

#include "translate/passes.h"

namespace softmetal {
namespace {

bool is_storage_word(const Token& token) {
  return is_address_space(token) || token.is("static") || token.is("const") || token.is("constexpr") ||
         token.is("extern") || token.is("inline");
}

void read_constant(Translation& translation, const Declaration& declaration, const Attribute& attribute) {
  Tokens& tokens = translation.tokens;
  FunctionConstant constant;
  constant.scope = declaration.scope;
  std::optional<long> index =
      evaluate(attribute.arguments, {0, attribute.arguments.size()}, translation.constants);
  if (!index || *index < 0 || *index > 65535) {
    translation.error(attribute.token, "[[function_constant]]: the index must be a constant from 0 to 65535");
    return;
  }
  constant.index = static_cast<int>(*index);
  size_t name = 0;
  for (size_t i = declaration.first; i < declaration.all.end && !tokens[i].is(";") && !tokens[i].is("=");
       ++i) {
    if (tokens[i].is("[[")) {
      i = after_bracket(tokens, i) - 1;
    } else if (tokens[i].is_name() && !is_storage_word(tokens[i])) {
      name = i;
    }
  }
  for (size_t i = declaration.first; i < name; ++i) {
    bool part = tokens[i].kind != TokenKind::kDirective && !is_storage_word(tokens[i]);
    if (part) constant.type += (constant.type.empty() || !tokens[i].is_name() ? "" : " ") + tokens[i].text;
  }
  if (!name || constant.type.empty()) return;
  constant.name = tokens[name].text;
  size_t first = declaration.first;
  blank(tokens, {first, declaration.all.end});
  // Hidden: without a definition the linker refuses, and names it.
  bool run = translation.dialect == Dialect::kRun;
  std::string head =
      run ? "extern __attribute__((visibility(\"hidden\"))) const " : "extern __constant const ";
  tokens[first].text =
      head + "bool sm_is_set_" + constant.name + "; " + head + constant.type + " " + constant.name + ";";
  translation.program.constants.push_back(std::move(constant));
}

// is_function_constant_defined(a::name) -> (a::sm_is_set_name)
void replace_queries(Translation& translation) {
  std::set<std::string> names;
  for (const FunctionConstant& constant : translation.program.constants) names.insert(constant.name);
  Tokens& tokens = translation.tokens;
  for (size_t i = 0; i + 3 < tokens.size(); ++i) {
    if (!tokens[i].is("is_function_constant_defined") || !tokens[i + 1].is("(")) continue;
    size_t name = after_bracket(tokens, i + 1) - 2;
    if (!names.count(tokens[name].text)) {
      translation.error(name, "'" + tokens[name].text + "' is not a function constant");
      continue;
    }
    blank(tokens[i]);
    tokens[name].text = "sm_is_set_" + tokens[name].text;
    if (i >= 2 && tokens[i - 1].is("::") && tokens[i - 2].is("metal")) blank(tokens, {i - 2, i});
  }
}

}  // namespace

void read_function_constants(Translation& translation) {
  for_each_declaration(translation.declarations, [&](const Declaration& declaration) {
    if (declaration.kind != DeclarationKind::kOther) return;
    std::vector<Attribute> attributes = read_attributes(translation.tokens, declaration.all);
    const Attribute* attribute = find_attribute(attributes, "function_constant");
    if (attribute) read_constant(translation, declaration, *attribute);
  });
  replace_queries(translation);
}

}  // namespace softmetal
