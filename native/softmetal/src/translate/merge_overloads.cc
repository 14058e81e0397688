#include <map>

#include "translate/passes.h"

namespace softmetal {
namespace {

// One declaration among those that become the same once address spaces are gone.
struct Candidate {
  const Declaration* declaration;
  std::string spaces;  // the address spaces of its signature, in order
};

class Merger {
 public:
  explicit Merger(Translation& translation) : translation_(translation), tokens_(translation.tokens) {}

  void scope(const std::vector<Declaration>& declarations, bool in_class) {
    std::map<std::string, std::vector<Candidate>> groups;
    for (const Declaration& declaration : declarations) {
      Range head = signature(declaration);
      if (!head.empty() && !drop_if_primary(declaration, head)) {
        groups[declaration.scope + key(declaration, head)].push_back({&declaration, spaces(head)});
      }
      scope(declaration.members, declaration.kind == DeclarationKind::kClass);
    }
    for (auto& [text, group] : groups) merge(group, in_class);
  }

 private:
  // What tells overloads and specialisations apart: the head without the body. Empty: nothing to merge.
  Range signature(const Declaration& declaration) const {
    if (declaration.kind == DeclarationKind::kFunction)
      return {declaration.name.begin, declaration.qualifiers.end};
    bool specialisable = declaration.is_template() && !declaration.name.empty();
    if (declaration.kind == DeclarationKind::kClass && specialisable) return declaration.name;
    if (declaration.kind == DeclarationKind::kOther && declaration.is_template())
      return variable_name(declaration);
    return {};
  }

  // is_device<device T> in: template <class T> constexpr constant bool is_device<device T> = true;
  Range variable_name(const Declaration& declaration) const {
    size_t equals = declaration.first;
    if (tokens_[equals].is("using")) return {};
    for (; equals < declaration.all.end && !tokens_[equals].is("="); ++equals) {
      if (tokens_[equals].is("<")) equals = after_bracket(tokens_, equals) - 1;
    }
    if (equals >= declaration.all.end || !tokens_[equals - 1].is(">")) return {};
    int depth = 0;
    for (size_t i = equals - 1; i > declaration.first; --i) {
      depth += tokens_[i].is(">");
      depth -= tokens_[i].is("<");
      if (depth == 0) return {i - 1, equals};
    }
    return {};
  }

  std::string spaces(Range head) const {
    std::string text;
    for (size_t i = head.begin; i < head.end; ++i) {
      if (is_address_space(tokens_[i])) text += tokens_[i].text + " ";
    }
    return text;
  }

  std::vector<std::string> template_names(const Declaration& declaration) const {
    std::vector<std::string> names;
    for (const Range& list : declaration.template_lists) {
      for (Range part : split(tokens_, list, ",")) {
        size_t end = part.begin;
        while (end < part.end && !tokens_[end].is("=")) ++end;
        if (end > part.begin && tokens_[end - 1].is_name()) names.push_back(tokens_[end - 1].text);
      }
    }
    return names;
  }

  std::string key(const Declaration& declaration, Range head) const {
    std::vector<std::string> names = template_names(declaration);
    std::string text;
    for (const Range& list : declaration.template_lists) text += "template " + normal(list, names) + " ";
    if (declaration.kind != DeclarationKind::kFunction) return text + normal(head, names);
    text += normal(declaration.name, names) + " (";
    for (Range part : split(tokens_, declaration.parameters, ","))
      text += normal(without_name(part), names) + ",";
    text += ") ";
    if (is_constructor(declaration)) return text;  // never const
    for (size_t i = declaration.qualifiers.begin; i < declaration.qualifiers.end; ++i) {
      if (tokens_[i].is("const") || tokens_[i].is("constant")) return text + "const";
    }
    return text;
  }

  // Is it named like the class around it?
  bool is_constructor(const Declaration& declaration) const {
    const std::string name = "::" + tokens_[declaration.name.begin].text + "::";
    const std::string scope = "::" + declaration.scope;
    return scope.size() >= name.size() && scope.compare(scope.size() - name.size(), name.size(), name) == 0;
  }

  // `const` first and once, template parameters by number, address spaces dropped: equal texts are equal
  // types.
  std::string normal(Range range, const std::vector<std::string>& names) const {
    std::string text, run;
    bool is_const = false;
    auto flush = [&] {
      text += (is_const ? "const " : "") + run;
      run.clear();
      is_const = false;
    };
    for (size_t i = range.begin; i < range.end; ++i) {
      const Token& token = tokens_[i];
      if (token.kind == TokenKind::kDirective || token.text.find_first_not_of(' ') == std::string::npos)
        continue;
      if (token.is("const") || token.is("constant")) {
        is_const = true;
      } else if (is_address_space(token)) {
        continue;
      } else if (token.is_name()) {
        run += numbered(token.text, names) + " ";
      } else if (token.is("::")) {
        run += token.text;
      } else {
        flush();
        text += token.text + " ";
      }
    }
    flush();
    return text;
  }

  static std::string numbered(const std::string& word, const std::vector<std::string>& names) {
    for (size_t i = 0; i < names.size(); ++i) {
      if (names[i] == word) return "$" + std::to_string(i);
    }
    return word == "class" ? "typename" : word;
  }

  // A parameter's type: without its name and default value.
  Range without_name(Range part) const {
    size_t end = part.begin;
    while (end < part.end && !tokens_[end].is("=")) {
      bool angle = tokens_[end].is("<") && end > part.begin && tokens_[end - 1].is_name();
      end = angle ? after_bracket(tokens_, end) : end + 1;
    }
    if (end < part.begin + 2 || !tokens_[end - 1].is_name()) return {part.begin, end};
    static const char* const kTypes[] = {"int",   "char", "short",    "long",
                                         "float", "bool", "unsigned", "const"};
    for (const char* type : kTypes) {
      if (tokens_[end - 1].is(type)) return {part.begin, end};
    }
    const Token& before = tokens_[end - 2];
    bool qualifier = before.is("const") || before.is("volatile") || is_address_space(before);
    bool first_type = qualifier && !has_type(Range{part.begin, end - 1});
    bool named = !before.is("::") && !before.is("typename") && !before.is("struct") && !first_type;
    return {part.begin, named ? end - 1 : end};
  }

  bool has_type(Range range) const {
    for (size_t i = range.begin; i < range.end; ++i) {
      const Token& token = tokens_[i];
      if (token.is_name() && !token.is("const") && !token.is("volatile") && !is_address_space(token))
        return true;
    }
    return false;
  }

  // template <class T> struct S<device T>: without its address space it would be the primary template again.
  bool drop_if_primary(const Declaration& declaration, Range head) {
    if (declaration.kind == DeclarationKind::kFunction || spaces(head).empty()) return false;
    size_t open = head.begin;
    while (open < head.end && !tokens_[open].is("<")) ++open;
    if (open >= head.end) return false;
    std::string arguments = spell_plain(tokens_, {open + 1, head.end - 1});
    std::string parameters;
    for (const std::string& name : template_names(declaration))
      parameters += (parameters.empty() ? "" : ", ") + name;
    if (arguments != parameters) return false;
    blank(tokens_, declaration.all);
    return true;
  }

  void merge(const std::vector<Candidate>& group, bool in_class) {
    const Candidate* keeper = &group[0];
    bool differ = false;
    for (const Candidate& candidate : group) differ |= candidate.spaces != group[0].spaces;
    if (!differ) return;
    for (const Candidate& candidate : group) {
      if (candidate.declaration->is_definition() && !keeper->declaration->is_definition())
        keeper = &candidate;
    }
    for (const Candidate& candidate : group) {
      if (&candidate == keeper || candidate.spaces == keeper->spaces) continue;
      const Declaration& declaration = *candidate.declaration;
      bool only_declares = declaration.kind == DeclarationKind::kFunction && !declaration.is_definition();
      if (only_declares && !in_class && !has_default(declaration)) continue;
      warn_if_different(*keeper->declaration, declaration);
      blank(tokens_, declaration.all);
    }
  }

  bool has_default(const Declaration& declaration) const {
    for (size_t i = declaration.parameters.begin; i < declaration.parameters.end; ++i) {
      if (tokens_[i].is("=")) return true;
    }
    return false;
  }

  void warn_if_different(const Declaration& kept, const Declaration& dropped) {
    std::vector<std::string> kept_names = template_names(kept), dropped_names = template_names(dropped);
    if (normal(kept.body, kept_names) == normal(dropped.body, dropped_names)) return;
    size_t at = dropped.first;
    Diagnostic warning = diagnostic_at(
        tokens_[at],
        "differs from the one in line " + std::to_string(tokens_[kept.first].line) +
            " in more than the address space; this device has one address space and always runs that one",
        "warning");
    translation_.program.diagnostics.push_back(std::move(warning));
  }

  Translation& translation_;
  Tokens& tokens_;
};

}  // namespace

void merge_address_overloads(Translation& translation) {
  Merger(translation).scope(translation.declarations, false);
}

}  // namespace softmetal
