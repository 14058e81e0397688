#include "attributes.h"

#include <algorithm>
#include <cstdlib>
#include <string>

#include "runtime/error.h"

namespace fa::tensorflow {
namespace {

[[noreturn]] void refuse_value(std::string_view name, const char* expected, std::string_view value) {
  refuse(ErrorCode::INVALID_ARGUMENT, std::string(name).c_str(), expected, "'" + std::string(value) + "'");
}

double parse_number(std::string_view name, std::string_view value) {
  const std::string text(value);
  char* end = nullptr;
  const double number =
      std::strtod(text.c_str(), &end);  // reads "Infinity" and "NaN" too, which the runtime refuses
  if (text.empty() || *end != '\0') refuse_value(name, "a number", value);
  return number;
}

int64_t parse_integer(std::string_view name, std::string_view value) {
  const std::string text(value);
  char* end = nullptr;
  const long long number = std::strtoll(text.c_str(), &end, 10);
  if (text.empty() || *end != '\0') refuse_value(name, "an integer", value);
  return number;
}

template <typename Parse>
auto parse_word(std::string_view name, std::string_view value, Parse parse, const char* names) {
  const auto word = parse(value);
  if (!word) refuse_value(name, names, value);
  return *word;
}

Window parse_window(std::string_view value) {
  const size_t comma = value.find(',');
  if (comma == std::string_view::npos) refuse_value("window", "left,right", value);
  return {parse_integer("window", value.substr(0, comma)), parse_integer("window", value.substr(comma + 1))};
}

void set_option(AttentionOptions& options, std::string_view name, std::string_view value) {
  if (name == "layout") {
    options.layout = parse_word(name, value, parse_layout, kLayoutNames);
  } else if (name == "scale") {
    options.scale = parse_number(name, value);
  } else if (name == "softcap") {
    options.softcap = parse_number(name, value);
  } else if (name == "causal") {
    options.causal.diagonal = parse_word(name, value, parse_diagonal, kDiagonalNames);
  } else if (name == "align") {
    options.align = Alignment{parse_word(name, value, parse_diagonal, kDiagonalNames), 0};
  } else if (name == "window") {
    options.window = parse_window(value);
  } else if (name == "dropout") {
    options.dropout = Dropout{parse_number(name, value), 0};
  } else if (name == "rope") {
    options.rope_style = parse_word(name, value, parse_rope_style, kRopeStyleNames);
  } else if (name == "kernel") {
    options.kernel = std::string(value);
  } else {
    refuse_value("options", "options of the op", name);
  }
}

/// Reads names with commas between them.
template <typename Found>
std::vector<Found> parse_names(const char* attribute, std::string_view text,
                               const Found* (*find)(std::string_view)) {
  std::vector<Found> all;
  while (!text.empty()) {
    const size_t end = std::min(text.find(','), text.size());
    const std::string_view name = text.substr(0, end);
    const Found* found = find(name);
    if (!found) refuse_value(attribute, "names of arguments", name);
    all.push_back(*found);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return all;
}

}  // namespace

AttentionOptions parse_options(std::string_view text) {
  AttentionOptions options;
  while (!text.empty()) {
    const size_t equals = text.find('=');
    if (equals == std::string_view::npos) refuse_value("options", "name=value", text);
    const std::string_view name = text.substr(0, equals);
    // The one value that the caller words freely comes last, so it may hold separators.
    const size_t end = name == "kernel" ? text.size() : std::min(text.find(';', equals), text.size());
    set_option(options, name, text.substr(equals + 1, end - equals - 1));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return options;
}

std::vector<Slot> parse_slots(std::string_view text) { return parse_names<Slot>("inputs", text, find_slot); }

std::vector<GradientSlot> parse_gradients(std::string_view text) {
  return parse_names<GradientSlot>("wanted", text, find_gradient);
}

}  // namespace fa::tensorflow
