// What MSL forbids, as far as the words show it.
#include <map>
#include <set>

#include "translate/parameters.h"

namespace softmetal {
namespace {

const char* forbidden(const std::string& word) {
  static const std::map<std::string, const char*> words = {
      {"goto", "MSL has no goto"},
      {"virtual", "MSL has no virtual functions"},
      {"dynamic_cast", "MSL has no dynamic_cast"},
      {"typeid", "MSL has no run-time type information"},
      {"throw", "MSL has no exceptions"},
      {"try", "MSL has no exceptions"},
      {"catch", "MSL has no exceptions"},
      {"new", "MSL has no new and delete"},
      {"thread_local", "MSL has no thread_local"},
      {"asm", "MSL has no asm"},
      {"register", "MSL has no register"},
  };
  auto found = words.find(word);
  return found == words.end() ? nullptr : found->second;
}

// `kernel` begins a function: a type or an attribute comes next. Anything else uses it as a name.
bool is_keyword_as_name(const Tokens& tokens, size_t at) {
  if (!tokens[at].is("kernel") && !tokens[at].is("vertex") && !tokens[at].is("fragment")) return false;
  const Token& next = tokens[next_code(tokens, at + 1)];
  return !next.is_name() && !next.is("[[") && !next.is("::");
}

// Types that the attributes for positions and indices accept; only names that are known to be others count.
bool is_known_scalar(const std::string& type) {
  static const std::set<std::string> scalars = {"char", "uchar", "short", "ushort", "int",   "uint",
                                                "long", "ulong", "half",  "bfloat", "float", "bool"};
  if (scalars.count(type)) return true;
  return !type.empty() && type.back() >= '2' && type.back() <= '4' &&
         scalars.count(type.substr(0, type.size() - 1)) != 0;
}

bool is_index(sm_argument_kind kind) {
  return kind >= SM_THREAD_INDEX_IN_THREADGROUP && kind <= SM_THREADS_PER_SIMDGROUP;
}

bool fits_built_in(const std::string& type, sm_argument_kind kind) {
  if (!is_known_scalar(type)) return true;
  if (type == "uint" || type == "ushort") return true;
  bool vector = type == "uint2" || type == "uint3" || type == "ushort2" || type == "ushort3";
  return vector && !is_index(kind);
}

// float (*f)(float), where it declares something other than a template parameter or a type.
bool declares_function_pointer(const Tokens& tokens, size_t open) {
  if (open == 0 || open + 4 >= tokens.size() || !tokens[open + 1].is("*")) return false;
  if (!tokens[open + 2].is_name() || !tokens[open + 3].is(")") || !tokens[open + 4].is("(")) return false;
  const Token& before = tokens[previous_code(tokens, open - 1)];
  return (before.is_name() && !before.is("return")) || before.is("*") || before.is("&") || before.is(">");
}

void check_function_pointers(Translation& translation, const std::vector<Declaration>& declarations) {
  const Tokens& tokens = translation.tokens;
  for_each_declaration(declarations, [&](const Declaration& declaration) {
    if (!declaration.members.empty() || tokens[declaration.first].is("typedef")) return;
    for (size_t i = declaration.first; i < declaration.all.end; ++i) {
      if (tokens[i].is("(") && declares_function_pointer(tokens, i)) {
        translation.error(i + 2, "MSL has no pointers to functions");
      }
    }
  });
}

// Only a warning: Apple's compiler is known to take classes that derive from an empty one.
void check_bases(Translation& translation) {
  const Tokens& tokens = translation.tokens;
  for_each_declaration(translation.declarations, [&](const Declaration& declaration) {
    if (declaration.kind != DeclarationKind::kClass) return;
    for (size_t i = declaration.name.end; i < declaration.body.begin; ++i) {
      if (!tokens[i].is(":")) continue;
      translation.program.diagnostics.push_back(diagnostic_at(
          tokens[next_code(tokens, i + 1)], "MSL's specification has no derived classes", "warning"));
      return;
    }
  });
}

}  // namespace

void check_words(Translation& translation) {
  Tokens& tokens = translation.tokens;
  size_t attribute_end = 0;  // [[kernel]] is an attribute, not a keyword
  for (size_t i = 0; i < tokens.size(); ++i) {
    if (tokens[i].is("[[")) attribute_end = after_bracket(tokens, i);
    if (!tokens[i].is_name()) continue;
    if (i >= attribute_end && is_keyword_as_name(tokens, i))
      translation.error(i, "'" + tokens[i].text + "' is a keyword of MSL");
    if (const char* message = forbidden(tokens[i].text)) translation.error(i, message);
    bool deletes = tokens[i].is("delete") && i > 0 && !tokens[previous_code(tokens, i - 1)].is("=");
    if (deletes) translation.error(i, "MSL has no new and delete");
  }
  check_function_pointers(translation, translation.declarations);
  check_bases(translation);
}

void check_parameter(Translation& translation, const Parameter& parameter, Range type) {
  const Tokens& tokens = translation.tokens;
  bool indirect = false, device = false, threadgroup = false, other = false;
  for (size_t i = type.begin; i < type.end; ++i) {
    if (tokens[i].is("[[")) i = after_bracket(tokens, i) - 1;
    indirect |= tokens[i].is("*") || tokens[i].is("&");
    device |= tokens[i].is("device") || tokens[i].is("constant");
    threadgroup |= tokens[i].is("threadgroup");
    other |= tokens[i].is("thread");
  }
  std::string name = "parameter '" + parameter.name + "'";
  if (indirect && !device && !threadgroup) {
    translation.error(type.begin, other ? name + ": a kernel's pointer cannot point to thread memory"
                                        : name + " needs an address space: device, constant or threadgroup");
  } else if (parameter.kind == SM_ARGUMENT_BUFFER && threadgroup && !device) {
    translation.error(type.begin, name + " points to threadgroup memory, so it needs [[threadgroup(n)]]");
  } else if (parameter.kind == SM_ARGUMENT_THREADGROUP && device && !threadgroup) {
    translation.error(type.begin, name + " points to a buffer, so it needs [[buffer(n)]]");
  }
  std::string plain = spell_plain(tokens, type);
  if (plain.rfind("const ", 0) == 0) plain = plain.substr(6);
  if (plain.rfind("metal::", 0) == 0) plain = plain.substr(7);
  bool memory = parameter.kind == SM_ARGUMENT_BUFFER || parameter.kind == SM_ARGUMENT_THREADGROUP;
  if (memory && !indirect && is_known_scalar(plain)) {
    translation.error(type.begin, name + " is bound to a buffer, so it must be a pointer or a reference");
  }
  if (!memory && parameter.kind != SM_ARGUMENT_ABSENT && !indirect && !fits_built_in(plain, parameter.kind)) {
    translation.error(type.begin,
                      name + ": this attribute needs " +
                          (is_index(parameter.kind) ? "uint or ushort"
                                                    : "uint or ushort, or a vector of two or three of them") +
                          ", not " + plain);
  }
}

}  // namespace softmetal
