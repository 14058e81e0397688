#include "translate/passes.h"

namespace softmetal {

Program translate(std::string_view preprocessed, Dialect dialect) {
  Program program;
  Translation translation{lex(preprocessed), {}, {}, program, dialect};
  translation.declarations = parse_declarations(translation.tokens);
  translation.constants = integer_constants(translation.tokens);
  if (dialect == Dialect::kStrict) check_words(translation);
  read_kernels(translation);
  read_function_constants(translation);
  read_instantiations(translation);
  blank_attributes(translation.tokens, {0, translation.tokens.size()});
  if (dialect == Dialect::kRun) {
    merge_address_overloads(translation);
    drop_defaulted_constructors(translation);
    replace_swizzles(translation);
    replace_member_assignments(translation);
    replace_casts(translation);
  }
  if (dialect == Dialect::kStrict) replace_strict_words(translation);
  place_threadgroup_variables(translation);
  if (dialect == Dialect::kRun) replace_address_spaces(translation);
  replace_literals(translation);
  replace_pragmas(translation);
  program.text = print(translation.tokens);
  return program;
}

}  // namespace softmetal
