// The steps of a translation, in their order. Each edits tokens in place; their number never changes, so the
// declarations stay valid.
#pragma once

#include "translate/attributes.h"
#include "translate/declarations.h"
#include "translate/program.h"

namespace softmetal {

struct Translation {
  Tokens tokens;
  std::vector<Declaration> declarations;
  IntegerConstants constants;
  Program& program;
  Dialect dialect;

  void error(size_t token, std::string message) {
    program.diagnostics.push_back(diagnostic_at(tokens[token], std::move(message)));
  }
};

// Kernels with their parameters; the entry points of those that are not templates.
void read_kernels(Translation& translation);
void read_function_constants(Translation& translation);
// template [[host_name("x")]] kernel void f<float>(...);
void read_instantiations(Translation& translation);
// Overloads and specialisations that differ in their address spaces only are one on a CPU.
void merge_address_overloads(Translation& translation);
void place_threadgroup_variables(Translation& translation);
void replace_address_spaces(Translation& translation);
void replace_literals(Translation& translation);
void replace_pragmas(Translation& translation);
void drop_defaulted_constructors(Translation& translation);
void replace_swizzles(Translation& translation);
void replace_member_assignments(Translation& translation);
void replace_casts(Translation& translation);

// Strict dialect: what MSL forbids and can be seen in the words; parameters whose types do not fit.
void check_words(Translation& translation);
// Strict dialect: `float4(a, b)` and names that are keywords of OpenCL.
void replace_strict_words(Translation& translation);

bool is_address_space(const Token& token);
// spell() without address spaces, `constant` as const.
std::string spell_plain(const Tokens& tokens, Range range);

}  // namespace softmetal
