#include "translate/attributes.h"

namespace softmetal {
namespace {

Attribute read_attribute(const Tokens& tokens, Range range) {
  Attribute attribute;
  for (size_t i = range.begin; i < range.end; ++i) {
    if (tokens[i].kind == TokenKind::kDirective) continue;
    if (tokens[i].is("(")) {
      size_t end = after_bracket(tokens, i) - 1;
      attribute.arguments.assign(tokens.begin() + i + 1, tokens.begin() + end);
      break;
    }
    if (attribute.name.empty()) attribute.token = i;
    attribute.name += tokens[i].text;
  }
  return attribute;
}

}  // namespace

std::vector<Attribute> read_attributes(const Tokens& tokens, Range range) {
  std::vector<Attribute> attributes;
  for (size_t i = range.begin; i < range.end; ++i) {
    if (!tokens[i].is("[[")) continue;
    size_t after = after_bracket(tokens, i);
    for (Range part : split(tokens, {i + 1, after - 2}, ",")) {
      Attribute attribute = read_attribute(tokens, part);
      if (!attribute.name.empty()) attributes.push_back(std::move(attribute));
    }
    i = after - 1;
  }
  return attributes;
}

const Attribute* find_attribute(const std::vector<Attribute>& attributes, std::string_view name) {
  for (const Attribute& attribute : attributes) {
    if (attribute.name == name) return &attribute;
  }
  return nullptr;
}

void blank_attributes(Tokens& tokens, Range range) {
  for (size_t i = range.begin; i < range.end; ++i) {
    if (!tokens[i].is("[[")) continue;
    size_t after = after_bracket(tokens, i);
    blank(tokens, {i, after});
    i = after - 1;
  }
}

std::string string_value(const Tokens& tokens) {
  std::string value;
  for (const Token& token : tokens) {
    if (token.kind == TokenKind::kDirective) continue;
    bool quoted = token.kind == TokenKind::kString && token.text.size() >= 2;
    value += quoted ? token.text.substr(1, token.text.size() - 2) : token.text;
  }
  return value;
}

}  // namespace softmetal
