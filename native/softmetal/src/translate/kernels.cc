#include "translate/parameters.h"
#include "translate/passes.h"

namespace softmetal {
namespace {

size_t kernel_word(const Tokens& tokens, const Declaration& declaration) {
  for (size_t i = declaration.first; i < declaration.parameters.begin; ++i) {
    if (tokens[i].is("kernel")) return i;
  }
  return 0;
}

bool returns_void(const Tokens& tokens, const Declaration& declaration) {
  for (size_t i = declaration.first; i < declaration.name.begin; ++i) {
    if (tokens[i].is("void")) return true;
  }
  return false;
}

// `template <int N> kernel void f()`, but not the specialisation `template <> kernel void f<3>()`.
bool has_open_template(const Declaration& declaration) {
  for (const Range& list : declaration.template_lists) {
    if (!list.empty()) return true;
  }
  return false;
}

bool takes_unsupported(const Tokens& tokens, const Declaration& declaration) {
  for (size_t i = declaration.parameters.begin; i < declaration.parameters.end; ++i) {
    if (is_unsupported_type(tokens[i])) return true;
  }
  return false;
}

// A limit that depends on template arguments becomes a function beside the kernel, for the compiler to
// evaluate.
void read_max_threads(Translation& translation, const Declaration& declaration, const Attribute& attribute,
                      Kernel& kernel) {
  const Tokens& words = attribute.arguments;
  if (std::optional<long> value = evaluate(words, {0, words.size()}, translation.constants)) {
    kernel.max_threads = static_cast<int>(*value);
    return;
  }
  std::string name = "sm_max_threads_" + translation.tokens[declaration.name.begin].text;
  std::string text;
  for (const Range& list : declaration.template_lists) {
    text += "template <" + spell_plain(translation.tokens, list) + "> ";
  }
  text += "constexpr unsigned " + name + "() { return (" + spell_plain(words, {0, words.size()}) + "); } ";
  kernel.max_threads_function = name;
  Token& begin = translation.tokens[declaration.all.begin];
  begin.text = text + begin.text;
}

void add_entry_point(Translation& translation, const Declaration& declaration,
                     const std::vector<Attribute>& attributes, const Kernel& kernel) {
  EntryPoint entry;
  entry.host_name = kernel.name;
  if (const Attribute* host_name = find_attribute(attributes, "host_name")) {
    entry.host_name = string_value(host_name->arguments);
  }
  std::string name = spell_plain(translation.tokens, declaration.name);
  entry.scope = declaration.scope;
  entry.kernel = static_cast<int>(translation.program.kernels.size());
  size_t angle = name.find('<');
  if (angle != std::string::npos) entry.arguments = name.substr(angle);
  translation.program.entry_points.push_back(std::move(entry));
}

void read_kernel(Translation& translation, const Declaration& declaration, size_t word) {
  Tokens& tokens = translation.tokens;
  Range head{declaration.all.begin, declaration.parameters.begin};
  std::vector<Attribute> attributes =
      read_attributes(tokens, {declaration.first, declaration.parameters.begin});
  for (Attribute& late : read_attributes(tokens, declaration.qualifiers))
    attributes.push_back(std::move(late));

  if (declaration.is_definition()) {
    Kernel kernel;
    kernel.name = declaration.scope + tokens[declaration.name.begin].text;
    kernel.scope = declaration.scope;
    kernel.is_template = has_open_template(declaration);
    kernel.file = *tokens[declaration.name.begin].file;
    kernel.line = tokens[declaration.name.begin].line;
    if (!returns_void(tokens, declaration)) {
      translation.error(declaration.name.begin, "kernel '" + kernel.name + "' must return void");
    }
    read_parameters(translation, declaration, kernel);
    if (const Attribute* limit = find_attribute(attributes, "max_total_threads_per_threadgroup")) {
      read_max_threads(translation, declaration, *limit, kernel);
    }
    if (!kernel.is_template) add_entry_point(translation, declaration, attributes, kernel);
    translation.program.kernels.push_back(std::move(kernel));
  }
  blank_attributes(tokens, head);
  blank_attributes(tokens, declaration.parameters);
  blank_attributes(tokens, declaration.qualifiers);
  // Inline: checked always, compiled only where the entry point calls it.
  tokens[word].text = translation.dialect == Dialect::kRun ? "inline" : "      ";
}

}  // namespace

void read_kernels(Translation& translation) {
  for_each_declaration(translation.declarations, [&](const Declaration& declaration) {
    if (declaration.kind != DeclarationKind::kFunction) return;
    size_t word = kernel_word(translation.tokens, declaration);
    if (word) read_kernel(translation, declaration, word);
    if (!takes_unsupported(translation.tokens, declaration)) return;
    // Only kernels that cannot be built call it, or it is one of them.
    if (!word && translation.dialect == Dialect::kStrict && declaration.is_definition()) {
      translation.program.diagnostics.push_back(
          diagnostic_at(translation.tokens[declaration.name.begin],
                        "functions with textures or samplers are not checked", "warning"));
    }
    blank(translation.tokens, declaration.all);
  });
}

}  // namespace softmetal
