#include "compile/instrument_text.h"

#include <algorithm>
#include <cctype>
#include <cstring>

namespace softmetal::ir {
namespace {

bool is_name_character(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) || c == '.' || c == '_' || c == '$' || c == '-';
}

// Position just after a name that starts with a sigil at `start`: %12, @"a b", %struct.vec.
size_t after_name(std::string_view text, size_t start) {
  size_t end = start + 1;
  if (end < text.size() && text[end] == '"') {
    size_t close = text.find('"', end + 1);
    return close == std::string_view::npos ? text.size() : close + 1;
  }
  while (end < text.size() && is_name_character(text[end])) end++;
  return end;
}

size_t after_string(std::string_view text, size_t quote) {
  size_t close = text.find('"', quote + 1);
  return close == std::string_view::npos ? text.size() : close + 1;
}

}  // namespace

bool starts_with(std::string_view text, std::string_view prefix) {
  return text.substr(0, prefix.size()) == prefix;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return text;
}

std::string_view take_word(std::string_view& text) {
  text = trimmed(text);
  size_t end = text.find(' ');
  std::string_view word = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return word;
}

std::string_view last_word(std::string_view text) {
  text = trimmed(text);
  size_t blank = text.rfind(' ');
  return blank == std::string_view::npos ? text : text.substr(blank + 1);
}

size_t value_length(std::string_view text) {
  if (text.empty()) return 0;
  if (text[0] == '%' || text[0] == '@') return after_name(text, 0);
  size_t open = text.find('('), blank = text.find(' ');
  bool expression =
      open != std::string_view::npos && text.substr(0, open).find(',') == std::string_view::npos;
  if (expression) return after_bracket(text, open);
  return std::min(blank, text.size());
}

size_t after_bracket(std::string_view text, size_t open) {
  int depth = 0;
  for (size_t i = open; i < text.size(); i++) {
    if (text[i] == '"') {
      i = after_string(text, i) - 1;
    } else if (std::strchr("(<[{", text[i])) {
      depth++;
    } else if (std::strchr(")>]}", text[i]) && --depth == 0) {
      return i + 1;
    }
  }
  return text.size();
}

std::vector<std::string_view> split_operands(std::string_view text) {
  std::vector<std::string_view> operands;
  size_t start = 0, at = 0;
  while (at < text.size()) {
    if (text[at] == ',') {
      operands.push_back(trimmed(text.substr(start, at - start)));
      start = ++at;
    } else if (std::strchr("(<[{", text[at])) {
      at = after_bracket(text, at);
    } else if (text[at] == '"') {
      at = after_string(text, at);
    } else {
      at++;
    }
  }
  if (std::string_view last = trimmed(text.substr(start)); !last.empty()) operands.push_back(last);
  return operands;
}

std::vector<std::string_view> local_names(std::string_view text) {
  std::vector<std::string_view> names;
  for (size_t at = text.find('%'); at != std::string_view::npos; at = text.find('%', at)) {
    size_t end = after_name(text, at);
    names.push_back(text.substr(at, end - at));
    at = end;
  }
  return names;
}

unsigned vector_width(std::string_view text) {
  for (size_t at = text.find('<'); at != std::string_view::npos; at = text.find('<', at + 1)) {
    unsigned width = 0;
    size_t digit = at + 1;
    while (digit < text.size() && std::isdigit(static_cast<unsigned char>(text[digit])))
      width = width * 10 + static_cast<unsigned>(text[digit++] - '0');
    if (width && starts_with(text.substr(digit), " x ")) return width;
  }
  return 1;
}

int number_after(std::string_view text, std::string_view key) {
  size_t at = text.find(key);
  if (at == std::string_view::npos) return -1;
  at += key.size();
  if (at >= text.size() || !std::isdigit(static_cast<unsigned char>(text[at]))) return -1;
  int number = 0;
  while (at < text.size() && std::isdigit(static_cast<unsigned char>(text[at])))
    number = number * 10 + (text[at++] - '0');
  return number;
}

bool is_label(std::string_view line) {
  if (line.empty() || line.front() == ' ' || line.front() == ';') return false;
  size_t end = line.front() == '"' ? after_string(line, 0) : 0;
  while (end < line.size() && is_name_character(line[end])) end++;
  return end > 0 && end < line.size() && line[end] == ':';
}

bool parse_instruction(std::string_view line, Instruction& instruction) {
  // Instructions are indented by two blanks; cases of a switch by four.
  if (line.size() < 3 || !starts_with(line, "  ") || line[2] == ' ' ||
      !(std::isalpha(line[2]) || line[2] == '%'))
    return false;
  instruction = Instruction();
  instruction.line = line;
  std::string_view text = line.substr(2);
  if (text.front() == '%') {
    size_t end = after_name(text, 0);
    if (!starts_with(text.substr(end), " = ")) return false;
    instruction.result = text.substr(0, end);
    text.remove_prefix(end + 3);
  }
  instruction.opcode = take_word(text);
  if (instruction.opcode == "tail" || instruction.opcode == "musttail" || instruction.opcode == "notail")
    instruction.opcode = take_word(text);
  instruction.rest = text;
  instruction.debug = number_after(line, "!dbg !");
  return true;
}

Call parse_call(const Instruction& instruction) {
  Call call;
  std::string_view text = instruction.rest;
  for (size_t at = 0; at < text.size();) {
    if (text[at] == '@') {
      size_t end = after_name(text, at);
      if (end >= text.size() || text[end] != '(') return call;
      size_t close = after_bracket(text, end);
      call.before = text.substr(0, at);
      call.callee = text.substr(at, end - at);
      call.arguments = text.substr(end + 1, close - end - 2);
      call.after = text.substr(close);
      return call;
    }
    at = std::strchr("(<[{", text[at]) ? after_bracket(text, at) : at + 1;
  }
  return call;
}

}  // namespace softmetal::ir
