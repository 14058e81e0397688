// Explicit instantiations name the entry points of template kernels. All three forms are read:
//   template [[host_name("n")]] kernel void f<float>(device float* x, uint i);
//   template [[host_name("n")]] [[kernel]] decltype(f<float>) f<float>;
//   typedef decltype(f<float>) type;  template [[host_name("n")]] kernel type f<float>;
#include <algorithm>

#include "translate/passes.h"

namespace softmetal {
namespace {

struct Parts {
  Range name;       // a::f
  Range arguments;  // <...>, with the brackets
  Range parameters;
  bool has_parameters = false;
};

size_t before_bracket(const Tokens& tokens, size_t close, size_t least, const char* open_text) {
  int depth = 0;
  for (size_t i = close; i > least; --i) {
    if (tokens[i].text == tokens[close].text) ++depth;
    if (tokens[i].is(")") && i != close && !tokens[close].is(")")) {
      i = before_bracket(tokens, i, least, "(") + 1;
      continue;
    }
    if (tokens[i].is(open_text) && --depth == 0) return i - 1;
  }
  return least;
}

size_t back_to_code(const Tokens& tokens, size_t at, size_t least) {
  while (at > least && (tokens[at].kind == TokenKind::kDirective ||
                        tokens[at].text.find_first_not_of(' ') == std::string::npos)) {
    --at;
  }
  return at;
}

Parts take_apart(const Tokens& tokens, const Declaration& declaration) {
  Parts parts;
  size_t least = declaration.first;
  size_t last = back_to_code(tokens, declaration.all.end - 2, least);
  if (tokens[last].is(")")) {
    size_t before = before_bracket(tokens, last, least, "(");
    parts.parameters = {before + 2, last};
    parts.has_parameters = true;
    last = back_to_code(tokens, before, least);
  }
  if (tokens[last].is(">")) {
    size_t before = before_bracket(tokens, last, least, "<");
    parts.arguments = {before + 1, last + 1};
    last = back_to_code(tokens, before, least);
  }
  size_t begin = last;
  while (begin > least + 1 && tokens[begin - 1].is("::") && tokens[begin - 2].is_name()) begin -= 2;
  parts.name = {begin, last + 1};
  return parts;
}

bool ends_with(const std::string& text, const std::string& end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

// Overloads: the one with as many parameters.
int find_kernel(const Program& program, const std::string& name, const std::string& scope, int parameters) {
  int found = -1;
  for (size_t i = 0; i < program.kernels.size(); ++i) {
    const Kernel& kernel = program.kernels[i];
    bool same = kernel.name == scope + name || kernel.name == name || ends_with(kernel.name, "::" + name);
    if (!same) continue;
    bool fits = parameters < 0 || static_cast<int>(kernel.parameters.size()) == parameters;
    if (found < 0 || fits) found = static_cast<int>(i);
    if (fits && kernel.is_template) break;
  }
  return found;
}

void blank_kernel_word(Tokens& tokens, const Declaration& declaration) {
  for (size_t i = declaration.first; i < declaration.all.end; ++i) {
    if (tokens[i].is("kernel")) blank(tokens[i]);
  }
}

void read_instantiation(Translation& translation, const Declaration& declaration,
                        const Attribute& host_name) {
  Tokens& tokens = translation.tokens;
  EntryPoint entry;
  entry.host_name = string_value(host_name.arguments);
  entry.scope = declaration.scope;
  blank_attributes(tokens, declaration.all);
  Parts parts = take_apart(tokens, declaration);
  std::string name = spell(tokens, parts.name);
  entry.arguments = spell_plain(tokens, parts.arguments);
  int count = -1;
  if (parts.has_parameters) {
    // The types pick the overload, and deduce template arguments that are not written.
    count = static_cast<int>(split(tokens, parts.parameters, ",").size());
    entry.types = spell_plain(tokens, parts.parameters);
  }
  entry.kernel = find_kernel(translation.program, name, declaration.scope, count);
  if (entry.kernel < 0) {
    translation.error(parts.name.begin, "[[host_name(\"" + entry.host_name + "\")]] instantiates '" + name +
                                            "', which is not a kernel");
  } else {
    translation.program.entry_points.push_back(std::move(entry));
  }
  if (translation.dialect == Dialect::kRun) {
    blank(tokens, declaration.all);
  } else {
    blank_kernel_word(tokens, declaration);  // what is left is C++: it makes the compiler check the template
  }
}

}  // namespace

void read_instantiations(Translation& translation) {
  for_each_declaration(translation.declarations, [&](const Declaration& declaration) {
    if (declaration.kind != DeclarationKind::kInstantiation) return;
    std::vector<Attribute> attributes = read_attributes(translation.tokens, declaration.all);
    if (const Attribute* host_name = find_attribute(attributes, "host_name")) {
      read_instantiation(translation, declaration, *host_name);
      return;
    }
    blank_kernel_word(translation.tokens, declaration);
  });
}

}  // namespace softmetal
