// The strict dialect: C++ for OpenCL has other keywords, and no `float4(a, b)`.
#include <set>

#include "translate/passes.h"

namespace softmetal {
namespace {

// Replaced letter for `$`, so columns stay; stdlib/strict/words.h knows these names.
void mark(Token& token) { token.text[0] = '$'; }

bool is_vector_name(const std::string& text) {
  static const std::set<std::string> scalars = {"char", "uchar", "short", "ushort", "int",   "uint",
                                                "long", "ulong", "half",  "bfloat", "float", "bool"};
  if (text.size() < 4 || text.back() < '2' || text.back() > '4') return false;
  return scalars.count(text.substr(0, text.size() - 1)) != 0;
}

bool is_keyword_of_opencl(const std::string& text) {
  static const std::set<std::string> words = {
      "local",       "global",        "generic",      "pipe",         "read_only",   "write_only",
      "read_write",  "vec_step",      "event_t",      "sampler_t",    "queue_t",     "ndrange_t",
      "atomic_int",  "atomic_uint",   "atomic_ulong", "atomic_float", "atomic_long", "atomic_double",
      "atomic_flag", "atomic_size_t", "complex",      "imaginary",    "quad"};
  return words.count(text) != 0;
}

// template <void (*f)(device float*)> -> template <auto f>: the compiler mishandles the address space there.
void replace_function_parameters(Tokens& tokens, Range list) {
  for (Range part : split(tokens, list, ",")) {
    for (size_t i = part.begin; i + 3 < part.end; ++i) {
      bool pointer = tokens[i].is("(") && (tokens[i + 1].is("*") || tokens[i + 1].is("&"));
      if (!pointer || !tokens[i + 2].is_name() || !tokens[i + 3].is(")")) continue;
      std::string name = tokens[i + 2].text;
      blank(tokens, part);
      tokens[part.begin].text = "auto " + name;
      break;
    }
  }
}

}  // namespace

void replace_strict_words(Translation& translation) {
  Tokens& tokens = translation.tokens;
  for_each_declaration(translation.declarations, [&](const Declaration& declaration) {
    for (Range list : declaration.template_lists) replace_function_parameters(tokens, list);
  });
  for (size_t i = 0; i + 1 < tokens.size(); ++i) {
    if (!tokens[i].is_name()) continue;
    const Token& next = tokens[next_code(tokens, i + 1)];
    if (is_vector_name(tokens[i].text) && next.is("(")) {
      // float4(...) after `metal::` too: the macro brings its own.
      if (i >= 2 && tokens[i - 1].is("::") && tokens[i - 2].is("metal")) blank(tokens, {i - 2, i});
      mark(tokens[i]);
    } else if (tokens[i].is("vec") && next.is("<")) {
      size_t open = next_code(tokens, i + 1), after = after_bracket(tokens, open);
      if (!tokens[next_code(tokens, after)].is("(")) continue;
      tokens[i].text = "sm_make<metal::vec";
      tokens[after - 1].text = ">>";
    } else if (is_keyword_of_opencl(tokens[i].text)) {
      mark(tokens[i]);
    }
  }
}

}  // namespace softmetal
