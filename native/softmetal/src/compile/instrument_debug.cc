#include "compile/instrument_debug.h"

#include <algorithm>
#include <cctype>

#include "compile/instrument_text.h"

namespace softmetal::ir {
namespace {

// The text of `key: "..."`, without its quotes.
std::string_view string_after(std::string_view text, std::string_view key) {
  size_t at = text.find(key);
  if (at == std::string_view::npos) return {};
  at += key.size();
  return text.substr(at, text.find('"', at) - at);
}

int hexadecimal(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

// LLVM writes quotes, backslashes and bytes outside ASCII as \XX.
std::string unescaped(std::string_view text) {
  std::string plain;
  for (size_t i = 0; i < text.size(); i++) {
    bool escape = text[i] == '\\' && i + 2 < text.size() && hexadecimal(text[i + 1]) >= 0 &&
                  hexadecimal(text[i + 2]) >= 0;
    if (escape) {
      plain += static_cast<char>(hexadecimal(text[i + 1]) * 16 + hexadecimal(text[i + 2]));
      i += 2;
    } else {
      plain += text[i];
    }
  }
  return plain;
}

// tile<_Float16> is tile<half> to its author.
std::string as_in_metal(std::string name) {
  constexpr std::pair<std::string_view, const char*> kNames[] = {{"_Float16", "half"}, {"__bf16", "bfloat"}};
  for (const auto& [compilers, metals] : kNames)
    for (size_t at = name.find(compilers); at != std::string::npos; at = name.find(compilers, at))
      name.replace(at, compilers.size(), metals);
  return name;
}

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

bool in_folder(std::string_view file, std::string_view folder) {
  size_t at = file.find(folder);
  return at == 0 || (at != std::string_view::npos && file[at - 1] == '/');
}

bool in_device_library(std::string_view file) {
  return in_folder(file, "stdlib/run/") || in_folder(file, "stdlib/preprocess/");
}

// What these compute is which lane or which address is meant: a GPU's instruction does it by itself.
constexpr const char* kHelpers[] = {
    "stdlib/run/detail/", "stdlib/run/barrier.h",          "stdlib/run/quad.h",
    "stdlib/run/simd.h",  "stdlib/run/simdgroup_matrix.h", "stdlib/run/threadgroup.h"};
constexpr const char* kConversions = "stdlib/run/detail/raw_bfloat.h";

Author author_of(std::string_view file) {
  if (in_folder(file, kConversions)) return Author::kConversion;
  if (in_folder(file, "stdlib/run/detail/raw_")) return Author::kDevice;
  for (const char* helper : kHelpers)
    if (in_folder(file, helper)) return Author::kHelper;
  return Author::kKernel;
}

}  // namespace

DebugInfo::DebugInfo(const std::vector<std::string_view>& module_lines) {
  for (std::string_view line : module_lines)
    if (starts_with(line, "!") && contains(line, "!DI")) read(line);
}

void DebugInfo::read(std::string_view line) {
  int number = number_after(line, "!");
  size_t at = line.find(" = ");
  if (number < 0 || at == std::string_view::npos) return;
  std::string_view text = line.substr(at + 3);
  if (starts_with(text, "distinct ")) text.remove_prefix(9);
  Node node;
  if (starts_with(text, "!DILocation(")) {
    node.kind = Node::kLocation;
  } else if (starts_with(text, "!DISubprogram(")) {
    node.kind = Node::kSubprogram;
  } else if (starts_with(text, "!DILexicalBlock")) {
    node.kind = Node::kScope;
  } else if (starts_with(text, "!DIFile(")) {
    node.kind = Node::kFile;
    node.name = string_after(text, "filename: \"");
    node.directory = string_after(text, "directory: \"");
  } else {
    return;
  }
  if (node.kind == Node::kSubprogram) {
    node.name = string_after(text, "(name: \"");
    // Strings may hold anything that looks like a field.
    text.remove_prefix(node.name.size());
  }
  node.line = std::max(0, number_after(text, "line: "));
  node.column = std::max(0, number_after(text, "column: "));
  node.scope = number_after(text, "scope: !");
  node.inlined_at = number_after(text, "inlinedAt: !");
  node.file = number_after(text, "file: !");
  nodes_.emplace(number, node);
}

DebugInfo::Node DebugInfo::node(int number) const {
  auto found = nodes_.find(number);
  return found == nodes_.end() ? Node() : found->second;
}

std::string DebugInfo::file_name(int number) const { return unescaped(node(number).name); }

// The place of one level of inlining: a scope's own file holds, since #line may change it inside a function.
DebugInfo::Frame DebugInfo::frame(int location) const {
  Node place = node(location);
  Frame result;
  result.line = place.line;
  result.column = place.column;
  int file = -1;
  for (Node scope = node(place.scope); scope.kind == Node::kScope || scope.kind == Node::kSubprogram;
       scope = node(scope.scope)) {
    if (file < 0) file = scope.file;
    if (scope.kind != Node::kSubprogram) continue;
    result.function = as_in_metal(unescaped(scope.name));
    break;
  }
  result.file = file_name(file);
  return result;
}

const Origin& DebugInfo::origin(int location, int function) const {
  auto [found, fresh] = known_.try_emplace({location, function});
  if (fresh) found->second = find(location, function);
  return found->second;
}

// Goes outwards through the device's library to the first frame that the kernel's author wrote. What the
// library calls on the way belongs to its outermost caller there: an operator used by a helper is a helper's.
Origin DebugInfo::find(int location, int function) const {
  Origin origin;
  for (int at = location; node(at).kind == Node::kLocation; at = node(at).inlined_at) {
    Frame here = frame(at);
    if (!in_device_library(here.file)) {
      origin.location = {here.file, here.line, here.column, here.function};
      return origin;
    }
    origin.author = std::max(origin.author, author_of(here.file));
    if (starts_with(here.function, "to_bfloat")) origin.converting = "trunc";
    if (starts_with(here.function, "from_bfloat")) origin.converting = "zext";
  }
  if (location >= 0) return origin;
  Node subprogram = node(function);
  std::string file = file_name(subprogram.file);
  origin.author = author_of(file);
  if (!in_device_library(file))
    origin.location = {file, subprogram.line, 0, as_in_metal(unescaped(subprogram.name))};
  return origin;
}

}  // namespace softmetal::ir
