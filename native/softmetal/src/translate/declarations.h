// Where the declarations of a text begin and end. No types: names, parameter lists, bodies and scopes only.
#pragma once

#include "translate/token.h"

namespace softmetal {

enum class DeclarationKind {
  kNamespace,
  kClass,          // struct, class or union with a body
  kFunction,       // declared or defined
  kInstantiation,  // template [[host_name("x")]] kernel void f<float>(...);
  kOther           // variables, types, using ...
};

struct Declaration {
  DeclarationKind kind = DeclarationKind::kOther;
  Range all;                          // with templates and the closing ; or }
  std::vector<Range> template_lists;  // what is between < and >
  size_t first = 0;                   // token after the template heads
  Range name;                         // of a function (operator+, f<int>), class or namespace
  Range parameters;                   // between ( and )
  Range qualifiers;                   // between ) and the body or ;
  Range body;                         // between { and }
  std::string scope;                  // "a::b::" or empty
  std::vector<Declaration> members;

  bool is_template() const { return !template_lists.empty(); }
  bool is_definition() const { return body.end != 0; }
};

std::vector<Declaration> parse_declarations(const Tokens& tokens);

// Calls visit(declaration, siblings' list) for every declaration, outer ones first.
template <class Visit>
void for_each_declaration(const std::vector<Declaration>& declarations, const Visit& visit) {
  for (const Declaration& declaration : declarations) {
    visit(declaration);
    for_each_declaration(declaration.members, visit);
  }
}

}  // namespace softmetal
