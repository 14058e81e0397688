#include "compile/preprocess.h"

#include <sstream>

#include "compile/cache.h"
#include "compile/commands.h"
#include "compile/diagnostics.h"
#include "compile/files.h"
#include "compile/process.h"

namespace softmetal {
namespace {

constexpr const char* kText = "/text";
constexpr const char* kIncluded = "/included";

std::string quoted(const std::string& name) {
  std::string text = "\"";
  for (char each : name) {
    if (each == '"' || each == '\\') text += '\\';
    text += each == '\n' ? ' ' : each;
  }
  return text + '"';
}

// Before the source, so that places carry the author's name for it; what clang says about itself before this
// marker is dropped.
std::string first_marker(const LibraryOptions& options) { return "# 1 " + quoted(options.file_name) + "\n"; }

// The file names of a makefile rule "kernel: a b\ c \<newline> d".
std::vector<std::string> files_of_rule(const std::string& rule) {
  std::vector<std::string> files;
  std::string name;
  auto finish = [&] {
    if (!name.empty()) files.push_back(std::move(name));
    name.clear();
  };
  size_t start = rule.find(':');
  for (size_t i = start == std::string::npos ? rule.size() : start + 1; i < rule.size(); ++i) {
    bool escape = i + 1 < rule.size() && (rule[i] == '\\' || rule[i] == '$');
    if (escape && rule[i + 1] == '\n') {
      ++i;
    } else if (escape && (rule[i + 1] == ' ' || rule[i + 1] == '#' || rule[i + 1] == '$')) {
      name += rule[++i];
    } else if (rule[i] == ' ' || rule[i] == '\n') {
      finish();
    } else {
      name += rule[i];
    }
  }
  finish();
  return files;
}

// One included file a line: "<hash> <path>". The source itself and stdlib are part of the key.
std::string list_included(const std::string& rule, const std::string& source) {
  std::string list, stdlib = softmetal_folder() + "/stdlib/";
  for (const std::string& file : files_of_rule(rule)) {
    if (file == source || file.starts_with(stdlib)) continue;
    list += content_hash(read_file(file).value_or("")) + " " + file + "\n";
  }
  return list;
}

bool still_holds(const std::string& list) {
  std::istringstream lines(list);
  for (std::string line; std::getline(lines, line);) {
    size_t space = line.find(' ');
    std::optional<std::string> text = read_file(line.substr(space + 1));
    if (!text || content_hash(*text) != line.substr(0, space)) return false;
  }
  return true;
}

std::string key_of(const std::string& source, const LibraryOptions& options, const Toolchain& tools) {
  std::string identity = tools.version + '\n' + tools.stdlib + '\n' + first_marker(options);
  for (const std::string& word : preprocess_command(tools, options, "", "")) identity += word + '\n';
  return "text-" + content_hash(identity + source);
}

std::optional<std::string> from_cache(const std::string& key) {
  std::optional<std::string> entry = find_entry(key);
  if (!entry) return std::nullopt;
  std::optional<std::string> included = read_file(*entry + kIncluded), text = read_file(*entry + kText);
  if (included && text && !text->empty() && still_holds(*included)) return text;
  remove_entry(key);
  return std::nullopt;
}

}  // namespace

Preprocessed preprocess(const std::string& source, const LibraryOptions& options, const Toolchain& tools) {
  std::string key = key_of(source, options, tools);
  if (auto text = from_cache(key)) return {*text, {}};
  TemporaryFolder work, entry;
  if (!work.failure.empty()) return {"", plain_error(work.failure)};
  std::string file = work.path + "/source.metal", rule = work.path + "/rule";
  write_file(file, first_marker(options) + source);
  ProcessResult printed = run_process(preprocess_command(tools, options, file, rule));
  Preprocessed result{"", parse_diagnostics(printed.error)};
  if (!printed.started) return {"", plain_error(printed.error)};
  size_t start = printed.output.find(first_marker(options));
  bool failed = printed.status != 0 || start == std::string::npos;
  if (failed && !has_error(result.diagnostics))
    result.diagnostics = plain_error("the preprocessor failed: " + printed.error);
  if (has_error(result.diagnostics)) return result;
  result.text = printed.output.substr(start);
  // With warnings there is something to say each time.
  if (result.diagnostics.empty() && write_file(entry.path + kText, result.text) &&
      write_file(entry.path + kIncluded, list_included(read_file(rule).value_or(""), file))) {
    publish_entry(key, entry.path);
  }
  return result;
}

}  // namespace softmetal
