#include "compile/diagnostics.h"

#include <algorithm>
#include <cctype>
#include <optional>
#include <sstream>
#include <string_view>

#include "compile/cache.h"
#include "compile/compiler.h"
#include "compile/files.h"

namespace softmetal {

static bool is_below(const std::string& file, const std::string& folder) {
  return !folder.empty() && file.starts_with(folder + "/");
}

// Names in angle brackets are clang's own, like <built-in>.
bool is_internal(const std::string& file) {
  if (file.empty() || file.starts_with("<") || file.starts_with("stdlib/")) return true;
  const std::string& own = softmetal_folder();
  return is_below(file, own + "/stdlib") || is_below(file, own + "/src") || is_below(file, cache_folder());
}

namespace {

// Cuts ":<digits>" off the end of `text`; -1 when there is none.
int cut_number(std::string_view& text) {
  size_t colon = text.rfind(':');
  if (colon == std::string_view::npos || colon + 1 == text.size()) return -1;
  int number = 0;
  for (char digit : text.substr(colon + 1)) {
    if (!std::isdigit(static_cast<unsigned char>(digit))) return -1;
    number = number * 10 + (digit - '0');
  }
  text = text.substr(0, colon);
  return number;
}

// "file:line:column: error: message"; "clang: error: message" has no place.
std::optional<Diagnostic> parse_line(const std::string& line) {
  for (const char* severity : {"fatal error", "error", "warning", "note"}) {
    std::string marker = std::string(severity) + ": ";
    size_t at = line.find(marker);
    if (at == std::string::npos || (at > 0 && !line.substr(0, at).ends_with(": "))) continue;
    Diagnostic found;
    found.severity = std::string_view(severity) == "fatal error" ? "error" : severity;
    found.message = line.substr(at + marker.size());
    std::string_view place = std::string_view(line).substr(0, at > 2 ? at - 2 : 0);
    int last = cut_number(place), first = last < 0 ? -1 : cut_number(place);
    if (last >= 0) {
      found.line = first >= 0 ? first : last;
      found.column = first >= 0 ? last : 0;
      found.file = place;
    }
    return found;
  }
  return std::nullopt;
}

struct Finding {
  Diagnostic head;
  std::vector<Diagnostic> notes;
};

std::vector<Finding> group(const std::string& printed) {
  std::vector<Finding> findings;
  std::istringstream lines(printed);
  for (std::string line; std::getline(lines, line);) {
    std::optional<Diagnostic> found = parse_line(line);
    if (!found) continue;
    if (found->severity != "note") {
      findings.push_back({*found, {}});
    } else if (!findings.empty()) {
      findings.back().notes.push_back(*found);
    }
  }
  return findings;
}

void take_place_of_first_user_note(Finding& finding) {
  auto note = std::find_if(finding.notes.begin(), finding.notes.end(),
                           [](const Diagnostic& each) { return !is_internal(each.file); });
  Diagnostic place = note == finding.notes.end() ? Diagnostic{} : *note;
  finding.head.file = place.file;
  finding.head.line = place.line;
  finding.head.column = place.column;
  if (note != finding.notes.end()) finding.notes.erase(note);
}

}  // namespace

std::vector<Diagnostic> parse_all_diagnostics(const std::string& printed) {
  std::vector<Diagnostic> diagnostics;
  for (Finding& finding : group(printed)) {
    if (is_internal(finding.head.file)) take_place_of_first_user_note(finding);
    diagnostics.push_back(finding.head);
    for (Diagnostic& note : finding.notes) diagnostics.push_back(std::move(note));
  }
  return diagnostics;
}

std::vector<Diagnostic> parse_diagnostics(const std::string& printed) {
  std::vector<Diagnostic> diagnostics = parse_all_diagnostics(printed);
  std::erase_if(diagnostics,
                [](const Diagnostic& each) { return each.severity == "note" && is_internal(each.file); });
  return diagnostics;
}

bool has_error(const std::vector<Diagnostic>& diagnostics) {
  return std::any_of(diagnostics.begin(), diagnostics.end(),
                     [](const Diagnostic& each) { return each.severity == "error"; });
}

std::vector<Diagnostic> plain_error(std::string message) {
  Diagnostic error;
  error.message = std::move(message);
  return {error};
}

std::vector<Diagnostic> plain_error(const std::exception& problem) {
  return plain_error(std::string("the device failed: ") + problem.what());
}

std::string to_text(const std::vector<Diagnostic>& diagnostics) {
  std::string text;
  for (const Diagnostic& each : diagnostics) {
    if (!each.file.empty()) {
      text += each.file + ":" + std::to_string(each.line) + ":";
      if (each.column > 0) text += std::to_string(each.column) + ":";
      text += " ";
    }
    text += each.severity + ": " + each.message + "\n";
  }
  return text;
}

}  // namespace softmetal
