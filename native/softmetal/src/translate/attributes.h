// [[name(arguments), ns::name]]: Metal's attributes are read, then blanked out of the text.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "translate/token.h"

namespace softmetal {

struct Attribute {
  std::string name;
  Tokens arguments;  // between the parentheses
  size_t token = 0;  // of the name
};

std::vector<Attribute> read_attributes(const Tokens& tokens, Range range);
const Attribute* find_attribute(const std::vector<Attribute>& attributes, std::string_view name);
void blank_attributes(Tokens& tokens, Range range);

// The text of one or several adjacent string literals; of anything else its spelling.
std::string string_value(const Tokens& tokens);

// Constants of the program with a value that the translator can work out: enumerators, constexpr integers.
using IntegerConstants = std::map<std::string, long>;
IntegerConstants integer_constants(const Tokens& tokens);
// Of an integer constant expression. Empty: not one.
std::optional<long> evaluate(const Tokens& tokens, Range range, const IntegerConstants& constants);

}  // namespace softmetal
