// In a template the compiler does not see that `v.xy` is a property with a type of its own, so reads there
// are written as calls: v.get_xy().
#include <set>

#include "translate/passes.h"

namespace softmetal {
namespace {

// The letters as components x, y, z, w; empty: not a swizzle.
std::string components(const std::string& word) {
  if (word.size() < 2 || word.size() > 4) return "";
  std::string result;
  const bool colours = word.find_first_of("rgba") != std::string::npos;
  const std::string letters = colours ? "rgba" : "xyzw";
  for (char c : word) {
    size_t place = letters.find(c);
    if (place == std::string::npos) return "";
    result += "xyzw"[place];
  }
  return result;
}

bool is_member_access(const Tokens& tokens, size_t at) {
  return at > 0 && (tokens[at - 1].is(".") || tokens[at - 1].is("->"));
}

bool is_written(const Tokens& tokens, size_t name) {
  static const std::set<std::string> writes = {
      "=", "+=", "-=", "*=", "/=", "%=", "&=", "|=", "^=", "++", "--", "[", "(", "."};
  size_t next = next_code(tokens, name + 1);
  const Token& after = tokens[next_code(tokens, next + 1)];
  if (tokens[next].is("<<") && after.is("=")) return true;
  if (tokens[next].is(">") && after.is(">=")) return true;
  return writes.count(tokens[next].text) != 0;
}

// ++a.b[i].xy
bool is_incremented(const Tokens& tokens, size_t name) {
  size_t at = name;
  while (at > 1) {
    const Token& before = tokens[at - 1];
    if (before.is("++") || before.is("--")) return true;
    if (!before.is(".") && !before.is("->") && !before.is_name()) return false;
    --at;
  }
  return false;
}

// Names that the program declares itself: they are members of its structs.
std::set<std::string> own_names(const Tokens& tokens) {
  std::set<std::string> names;
  for (size_t i = 0; i < tokens.size(); ++i) {
    if (tokens[i].is_name() && !is_member_access(tokens, i) && !components(tokens[i].text).empty()) {
      names.insert(tokens[i].text);
    }
  }
  return names;
}

class Replacer {
 public:
  explicit Replacer(Tokens& tokens) : tokens_(tokens), own_(own_names(tokens)) {}

  void scope(const std::vector<Declaration>& declarations, bool in_template) {
    for (const Declaration& declaration : declarations) {
      bool dependent = in_template || declaration.is_template();
      scope(declaration.members, dependent);
      if (dependent && declaration.kind == DeclarationKind::kFunction) body(declaration.body);
    }
  }

 private:
  void body(Range range) {
    for (size_t i = range.begin; i < range.end; ++i) {
      if (!tokens_[i].is_name() || !is_member_access(tokens_, i) || own_.count(tokens_[i].text)) continue;
      std::string letters = components(tokens_[i].text);
      if (letters.empty() || is_written(tokens_, i) || is_incremented(tokens_, i)) continue;
      tokens_[i].text = "get_" + letters + "()";
    }
  }

  Tokens& tokens_;
  std::set<std::string> own_;
};

}  // namespace

void replace_swizzles(Translation& translation) {
  Replacer(translation.tokens).scope(translation.declarations, false);
}

}  // namespace softmetal
