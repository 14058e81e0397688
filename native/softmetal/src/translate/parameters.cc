#include "translate/parameters.h"

#include <set>

namespace softmetal {
namespace {

const std::map<std::string, sm_argument_kind, std::less<>>& builtin_kinds() {
  static const std::map<std::string, sm_argument_kind, std::less<>> kinds = {
      {"thread_position_in_grid", SM_THREAD_POSITION_IN_GRID},
      {"thread_position_in_threadgroup", SM_THREAD_POSITION_IN_THREADGROUP},
      {"threadgroup_position_in_grid", SM_THREADGROUP_POSITION_IN_GRID},
      {"threads_per_threadgroup", SM_THREADS_PER_THREADGROUP},
      {"dispatch_threads_per_threadgroup", SM_DISPATCH_THREADS_PER_THREADGROUP},
      {"threadgroups_per_grid", SM_THREADGROUPS_PER_GRID},
      {"threads_per_grid", SM_THREADS_PER_GRID},
      {"grid_origin", SM_GRID_ORIGIN},
      {"grid_size", SM_GRID_SIZE},
      {"thread_index_in_threadgroup", SM_THREAD_INDEX_IN_THREADGROUP},
      {"thread_index_in_simdgroup", SM_THREAD_INDEX_IN_SIMDGROUP},
      {"thread_index_in_quadgroup", SM_THREAD_INDEX_IN_QUADGROUP},
      {"simdgroup_index_in_threadgroup", SM_SIMDGROUP_INDEX_IN_THREADGROUP},
      {"quadgroup_index_in_threadgroup", SM_QUADGROUP_INDEX_IN_THREADGROUP},
      {"simdgroups_per_threadgroup", SM_SIMDGROUPS_PER_THREADGROUP},
      {"dispatch_simdgroups_per_threadgroup", SM_DISPATCH_SIMDGROUPS_PER_THREADGROUP},
      {"quadgroups_per_threadgroup", SM_QUADGROUPS_PER_THREADGROUP},
      {"dispatch_quadgroups_per_threadgroup", SM_QUADGROUPS_PER_THREADGROUP},
      {"threads_per_simdgroup", SM_THREADS_PER_SIMDGROUP},
      {"thread_execution_width", SM_THREADS_PER_SIMDGROUP},
  };
  return kinds;
}

// Things of Metal that are bound like arguments and that this device does not have.
bool is_unsupported_attribute(const std::string& name) {
  static const std::set<std::string> names = {"texture",    "sampler", "stage_in", "visible_function_table",
                                              "imageblock", "payload", "color",    "raster_order_group"};
  return names.count(name) != 0;
}
bool is_type_word(const Token& token) {
  static const std::set<std::string> words = {"unsigned", "signed", "int",   "short", "char",    "long",
                                              "float",    "bool",   "const", "void",  "volatile"};
  return words.count(token.text) != 0;
}

struct Words {  // of one parameter, without attributes and default value
  std::vector<size_t> tokens;
  size_t name = 0;  // 0 = unnamed
};

Words read_words(const Tokens& tokens, Range range) {
  Words words;
  int depth = 0;
  for (size_t i = range.begin; i < range.end; ++i) {
    const Token& token = tokens[i];
    if (token.kind == TokenKind::kDirective) continue;
    if (token.is("[[")) {
      i = after_bracket(tokens, i) - 1;
      continue;
    }
    if (token.is("=") && depth == 0) break;
    depth += token.is("<") || token.is("(");
    depth -= token.is(">") || token.is(")");
    words.tokens.push_back(i);
    bool array = token.is("[") && depth == 0;
    if (array) break;
  }
  size_t count = words.tokens.size();
  if (count && tokens[words.tokens.back()].is("[")) --count;
  if (count < 2) return words;
  size_t last = words.tokens[count - 1];
  const Token& before = tokens[words.tokens[count - 2]];
  if (tokens[last].is_name() && !is_type_word(tokens[last]) && !is_address_space(tokens[last]) &&
      !before.is("::")) {
    bool typed = !before.is("const") || count > 2;
    if (typed) words.name = last;
  }
  return words;
}

class Reader {
 public:
  Reader(Translation& translation, Kernel& kernel) : translation_(translation), kernel_(kernel) {}

  void run(Range list) {
    for (Range part : split(translation_.tokens, list, ",")) one(part);
    number_the_rest();
  }

 private:
  void one(Range part) {
    const Tokens& tokens = translation_.tokens;
    Words words = read_words(tokens, part);
    if (words.tokens.empty() || (words.tokens.size() == 1 && tokens[words.tokens[0]].is("void"))) return;
    Parameter parameter;
    parameter.kind = SM_ARGUMENT_ABSENT;
    parameter.index = -1;
    if (words.name) parameter.name = tokens[words.name].text;
    size_t type_end = words.name ? words.name : words.tokens.back() + 1;
    parameter.type = spell(tokens, {words.tokens[0], type_end});
    std::vector<Attribute> attributes = read_attributes(tokens, part);
    for (const Attribute& attribute : attributes) bind(parameter, attribute);
    for (size_t i : words.tokens) {
      if (is_unsupported_type(tokens[i])) unsupported(i, tokens[i].text);
    }
    if (const Attribute* condition = find_attribute(attributes, "function_constant")) {
      parameter.condition = spell(condition->arguments, {0, condition->arguments.size()});
    }
    if (translation_.dialect == Dialect::kStrict && kernel_.problems.empty()) {
      check_parameter(translation_, parameter, {words.tokens[0], type_end});
    }
    pointers_.push_back(is_indirect(words));
    places_.push_back(words.tokens[0]);
    kernel_.parameters.push_back(std::move(parameter));
  }

  bool is_indirect(const Words& words) const {
    for (size_t i : words.tokens) {
      const Token& token = translation_.tokens[i];
      if (token.is("*") || token.is("&") || token.is("[")) return true;
    }
    return false;
  }

  void bind(Parameter& parameter, const Attribute& attribute) {
    auto builtin = builtin_kinds().find(attribute.name);
    if (builtin != builtin_kinds().end()) {
      parameter.kind = builtin->second;
      parameter.index = 0;
    } else if (attribute.name == "buffer" || attribute.name == "threadgroup") {
      parameter.kind = attribute.name == "buffer" ? SM_ARGUMENT_BUFFER : SM_ARGUMENT_THREADGROUP;
      parameter.index = index_of(attribute);
    } else if (is_unsupported_attribute(attribute.name)) {
      unsupported(attribute.token, "[[" + attribute.name + "]]");
    }
  }

  int index_of(const Attribute& attribute) {
    const Tokens& words = attribute.arguments;
    std::optional<long> value = evaluate(words, {0, words.size()}, translation_.constants);
    if (value && *value >= 0 && *value < SM_BUFFERS) return static_cast<int>(*value);
    std::string text = "[[" + attribute.name + "(" + spell(words, {0, words.size()}) + ")]]";
    if (value) {
      translation_.error(attribute.token,
                         text + ": the index must be between 0 and " + std::to_string(SM_BUFFERS - 1));
    } else {
      translation_.error(attribute.token, text + ": the index is not an integer constant");
    }
    return 0;
  }

  void unsupported(size_t token, const std::string& what) {
    if (!unsupported_
             .insert(*translation_.tokens[token].file + std::to_string(translation_.tokens[token].line))
             .second) {
      return;
    }
    std::string message = "kernel '" + kernel_.name + "' uses " + what +
                          ": this device has no textures, samplers or ray tracing";
    kernel_.problems.push_back(diagnostic_at(translation_.tokens[token], message));
  }

  // Metal gives pointers and references without an index the lowest one that is free.
  void number_the_rest() {
    std::set<int> used[2];
    std::vector<Parameter>& parameters = kernel_.parameters;
    for (size_t i = 0; i < parameters.size(); ++i) {
      if (!is_memory(parameters[i])) continue;
      bool fresh = used[parameters[i].kind].insert(parameters[i].index).second;
      if (!fresh && parameters[i].condition.empty()) duplicate(i);
    }
    for (size_t i = 0; i < parameters.size(); ++i) {
      if (parameters[i].index >= 0) continue;
      if (!pointers_[i] || !automatic_kind(parameters[i])) {
        missing(i);
        continue;
      }
      int index = 0;
      while (used[parameters[i].kind].count(index)) ++index;
      used[parameters[i].kind].insert(index);
      parameters[i].index = index;
    }
  }

  static bool is_memory(const Parameter& parameter) {
    return parameter.index >= 0 &&
           (parameter.kind == SM_ARGUMENT_BUFFER || parameter.kind == SM_ARGUMENT_THREADGROUP);
  }

  // By the address space that the type names.
  static bool automatic_kind(Parameter& parameter) {
    bool found = false;
    for (const Token& token : lex(parameter.type)) {
      if (token.is("device") || token.is("constant")) {
        parameter.kind = SM_ARGUMENT_BUFFER;
        found = true;
      } else if (token.is("threadgroup")) {
        parameter.kind = SM_ARGUMENT_THREADGROUP;
        found = true;
      }
    }
    return found;
  }

  void duplicate(size_t i) {
    const Parameter& parameter = kernel_.parameters[i];
    for (size_t other = 0; other < i; ++other) {
      const Parameter& earlier = kernel_.parameters[other];
      bool same = earlier.kind == parameter.kind && earlier.index == parameter.index;
      if (!same || !earlier.condition.empty()) continue;
      const char* table = parameter.kind == SM_ARGUMENT_BUFFER ? "buffer" : "threadgroup";
      translation_.error(places_[i], std::string(table) + "(" + std::to_string(parameter.index) +
                                         ") is bound twice: to '" + earlier.name + "' and '" +
                                         parameter.name + "'");
      return;
    }
  }

  void missing(size_t i) {
    if (!kernel_.problems.empty()) return;  // a texture: said already
    const Parameter& parameter = kernel_.parameters[i];
    translation_.error(places_[i], "kernel '" + kernel_.name + "': parameter '" +
                                       (parameter.name.empty() ? parameter.type : parameter.name) +
                                       "' has no binding attribute");
  }

  Translation& translation_;
  Kernel& kernel_;
  std::vector<bool> pointers_;
  std::vector<size_t> places_;
  std::set<std::string> unsupported_;
};

}  // namespace

bool is_unsupported_type(const Token& token) {
  static const char* const kBeginnings[] = {"texture1d",      "texture2d", "texture3d", "texturecube",
                                            "texture_buffer", "depth2d",   "depthcube"};
  for (const char* beginning : kBeginnings) {
    if (token.text.rfind(beginning, 0) == 0) return true;
  }
  return token.is("sampler") || token.is("instance_acceleration_structure") ||
         token.is("primitive_acceleration_structure") || token.is("acceleration_structure");
}

void read_parameters(Translation& translation, const Declaration& declaration, Kernel& kernel) {
  Reader(translation, kernel).run(declaration.parameters);
}

}  // namespace softmetal
