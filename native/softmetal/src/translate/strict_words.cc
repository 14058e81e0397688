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

// template <void (*f)(device float*)> -> template <metal::sm_same<void (device float*)> f>: the compiler
// loses such an argument where it has to put the address space of the pointer itself.
void replace_function_parameters(Tokens& tokens, Range list) {
  for (Range part : split(tokens, list, ",")) {
    for (size_t i = part.begin; i + 4 < part.end; ++i) {
      bool pointer = tokens[i].is("(") && (tokens[i + 1].is("*") || tokens[i + 1].is("&"));
      if (!pointer || !tokens[i + 2].is_name() || !tokens[i + 3].is(")") || !tokens[i + 4].is("(")) continue;
      Token& first = tokens[next_code(tokens, part.begin)];
      Token& last = tokens[after_bracket(tokens, i + 4) - 1];
      first.text = "metal::sm_same<" + first.text;
      last.text += "> " + tokens[i + 2].text;
      blank(tokens, {i, i + 4});
      break;
    }
  }
}

bool names_vector(const Tokens& tokens, Range type, const std::set<std::string>& aliases) {
  size_t last = type.begin;
  bool other = false;
  for (size_t i = type.begin; i < type.end; ++i) {
    if (tokens[i].is("vec") && i + 1 < type.end && tokens[i + 1].is("<")) {
      i = last = after_bracket(tokens, i + 1) - 1;
      if (last + 1 >= type.end) return true;
    }
    other |= tokens[i].is("*") || tokens[i].is("&") || tokens[i].is("(") || tokens[i].is("[");
    if (tokens[i].is_name()) last = i;
  }
  bool ends = last + 1 == type.end && !other;
  return ends && (is_vector_name(tokens[last].text) || aliases.count(tokens[last].text) != 0);
}

// Names that stand for vectors: using V = float4; typedef metal::vec<T, 2> pair;
std::set<std::string> vector_aliases(const Tokens& tokens) {
  std::set<std::string> aliases;
  for (size_t i = 0; i + 3 < tokens.size(); ++i) {
    if (!tokens[i].is("using") && !tokens[i].is("typedef")) continue;
    size_t end = i;
    while (end + 1 < tokens.size() && !tokens[end].is(";") && !tokens[end].is("{")) ++end;
    bool alias = tokens[i].is("using") && tokens[i + 2].is("=");
    Range type = alias ? Range{i + 3, end} : Range{i + 1, end - 1};
    const Token& name = tokens[alias ? i + 1 : end - 1];
    bool fits = (alias || tokens[i].is("typedef")) && name.is_name() && !type.empty();
    if (fits && names_vector(tokens, type, aliases)) aliases.insert(name.text);
  }
  return aliases;
}

// using F = void (*)(device float*) -> using F = void (device float*): as a template parameter the same, and
// the compiler then keeps its argument.
void replace_function_alias(Tokens& tokens, const Declaration& declaration) {
  if (!tokens[declaration.first].is("using")) return;
  for (size_t i = declaration.first; i + 3 < declaration.all.end; ++i) {
    bool pointer =
        tokens[i].is("(") && tokens[i + 1].is("*") && tokens[i + 2].is(")") && tokens[i + 3].is("(");
    if (pointer) blank(tokens, {i, i + 3});
  }
}

// A constructor for `thread` memory makes the temporaries of expressions too, which have no address space
// here; one for `constant` is not const.
void replace_constructor_spaces(Tokens& tokens, const Declaration& type) {
  if (type.kind != DeclarationKind::kClass || type.name.empty()) return;
  const std::string name = tokens[type.name.begin].text;
  for (const Declaration& member : type.members) {
    if (member.kind != DeclarationKind::kFunction || !tokens[member.name.begin].is(name)) continue;
    for (size_t i = member.qualifiers.begin; i < member.qualifiers.end; ++i) {
      if (tokens[i].is("thread")) blank(tokens[i]);
      if (tokens[i].is("constant")) tokens[i].text = "__constant";
    }
  }
}

}  // namespace

void replace_strict_words(Translation& translation) {
  Tokens& tokens = translation.tokens;
  for_each_declaration(translation.declarations, [&](const Declaration& declaration) {
    replace_function_alias(tokens, declaration);
    replace_constructor_spaces(tokens, declaration);
  });
  for_each_declaration(translation.declarations, [&](const Declaration& declaration) {
    for (Range list : declaration.template_lists) replace_function_parameters(tokens, list);
  });
  std::set<std::string> aliases = vector_aliases(tokens);
  for (size_t i = 0; i + 1 < tokens.size(); ++i) {
    if (!tokens[i].is_name()) continue;
    if (i > 0 && tokens[i - 1].is("operator")) continue;  // operator float4() converts
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
    } else if (aliases.count(tokens[i].text) && next.is("(") && !(i > 0 && tokens[i - 1].is("::"))) {
      tokens[i].text = "metal::sm_make<" + tokens[i].text + ">";
    } else if (is_keyword_of_opencl(tokens[i].text)) {
      mark(tokens[i]);
    }
  }
}

}  // namespace softmetal
