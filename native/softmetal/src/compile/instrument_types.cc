#include "compile/instrument_types.h"

#include <algorithm>
#include <bit>
#include <cctype>

#include "compile/instrument_text.h"

namespace softmetal::ir {
namespace {

struct Named {
  std::string_view name;
  uint64_t bytes;
};
constexpr Named kScalars[] = {{"half", 2},   {"bfloat", 2}, {"float", 4},
                              {"double", 8}, {"ptr", 8},    {"fp128", 16}};

size_t word_length(std::string_view text) {
  size_t end = 0;
  while (end < text.size() && (std::isalnum(static_cast<unsigned char>(text[end])) || text[end] == '_'))
    end++;
  return end;
}

}  // namespace

void Types::define(std::string_view line) {
  size_t equals = line.find(" = type ");
  if (!starts_with(line, "%") || equals == std::string_view::npos) return;
  named_.emplace(line.substr(0, equals), line.substr(equals + 8));
}

bool Types::scalar(std::string_view text, Layout& result, size_t& length) const {
  length = word_length(text);
  std::string_view word = text.substr(0, length);
  for (const Named& known : kScalars) {
    if (word != known.name) continue;
    result = {known.bytes, known.bytes};
    if (starts_with(text.substr(length), " addrspace(")) length = after_bracket(text, length + 10);
    return true;
  }
  if (word.size() < 2 || word[0] != 'i') return false;
  uint64_t bits = 0;
  for (char c : word.substr(1)) {
    if (!std::isdigit(static_cast<unsigned char>(c))) return false;
    bits = bits * 10 + static_cast<uint64_t>(c - '0');
  }
  result.bytes = (bits + 7) / 8;
  result.alignment = std::min<uint64_t>(16, std::bit_ceil(result.bytes));
  return bits > 0;
}

// [N x T] and <N x T>; vectors of i1 are packed bits.
bool Types::sequence(std::string_view text, Layout& result, size_t& length) const {
  length = after_bracket(text, 0);
  std::string_view inside = trimmed(text.substr(1, length - 2));
  uint64_t count = 0;
  size_t at = 0;
  while (at < inside.size() && std::isdigit(static_cast<unsigned char>(inside[at])))
    count = count * 10 + static_cast<uint64_t>(inside[at++] - '0');
  Layout element;
  if (at == 0 || !starts_with(inside.substr(at), " x ") || !layout(inside.substr(at + 3), element))
    return false;
  if (text[0] == '[') {
    result = {count * element.stride(), element.alignment};
  } else {
    bool bits = starts_with(inside.substr(at + 3), "i1");
    result.bytes = bits ? (count + 7) / 8 : count * element.bytes;
    result.alignment = std::bit_ceil(std::max<uint64_t>(1, result.bytes));
  }
  return true;
}

bool Types::structure(std::string_view text, bool packed, Layout& result) const {
  result = {};
  for (std::string_view field : split_operands(text)) {
    Layout part;
    if (!layout(field, part)) return false;
    if (packed) part.alignment = 1;
    result.bytes = (result.bytes + part.alignment - 1) / part.alignment * part.alignment + part.stride();
    result.alignment = std::max(result.alignment, part.alignment);
  }
  result.bytes = result.stride();
  return true;
}

bool Types::layout(std::string_view text, Layout& result, size_t& length) const {
  if (text.empty()) return false;
  if (text[0] == '{') {
    length = after_bracket(text, 0);
    return structure(text.substr(1, length - 2), false, result);
  }
  if (starts_with(text, "<{")) {
    length = after_bracket(text, 0);
    return structure(text.substr(2, length - 4), true, result);
  }
  if (text[0] == '[' || text[0] == '<') return sequence(text, result, length);
  if (text[0] == '%') {
    std::string_view name = local_names(text).front();
    length = name.size();
    auto found = named_.find(name);
    return found != named_.end() && layout(found->second, result);
  }
  return scalar(text, result, length);
}

}  // namespace softmetal::ir
