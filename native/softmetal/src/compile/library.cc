// compile_library: MSL text -> a program whose types are right.
#include <memory>

#include "compile/cache.h"
#include "compile/commands.h"
#include "compile/compiler.h"
#include "compile/diagnostics.h"
#include "compile/files.h"
#include "compile/preprocess.h"
#include "compile/process.h"

namespace softmetal {
namespace {

void append(std::vector<Diagnostic>& to, const std::vector<Diagnostic>& more) {
  to.insert(to.end(), more.begin(), more.end());
}

// Errors of types show when the library is made, as in Metal, not when a function is taken from it.
std::vector<Diagnostic> check_types(const Program& program, const CodeOptions& code, const Toolchain& tools) {
  Shared shared = shared_parts(tools, code);
  if (!shared.failure.empty()) return plain_error(shared.failure);
  std::string text = check_text(program);
  std::string key = "types-" + content_hash(shared.headers + '\n' + text);
  if (find_entry(key)) return {};
  TemporaryFolder work, entry;
  if (!work.failure.empty()) return plain_error(work.failure);
  std::string file = work.path + "/check.cc";
  write_file(file, text);
  ProcessResult checked =
      run_process(tools.clang + language_flags(code) +
                  Words{"-x", "c++", "-include-pch", shared.headers, "-fsyntax-only", file});
  std::vector<Diagnostic> diagnostics = parse_diagnostics(checked.error);
  if (checked.status != 0 && !has_error(diagnostics))
    return plain_error("the compiler failed: " + checked.error);
  if (diagnostics.empty()) publish_entry(key, entry.path);
  return diagnostics;
}

LibraryResult build(const std::string& source, const LibraryOptions& options, const Toolchain& tools) {
  Preprocessed text = preprocess(source, options, tools);
  LibraryResult result{nullptr, text.diagnostics};
  if (text.text.empty()) return result;
  Program program = translate(text.text, Dialect::kRun);
  append(result.diagnostics, program.diagnostics);
  if (has_error(program.diagnostics)) return result;
  std::vector<Diagnostic> found = check_types(program, {options.fast_math, BuildMode::kFast}, tools);
  append(result.diagnostics, found);
  if (!has_error(found)) result.library = std::make_shared<Library>(Library{options, std::move(program)});
  return result;
}

}  // namespace

LibraryResult compile_library(const std::string& source, const LibraryOptions& options) try {
  Toolchain tools = find_toolchain();
  if (tools.version.empty()) return {nullptr, plain_error(tools.failure)};
  if (softmetal_folder().empty())
    return {nullptr, plain_error("the folder stdlib is not beside the library")};
  return build(source, options, tools);
} catch (const std::exception& problem) {
  return {nullptr, plain_error(problem)};
}

}  // namespace softmetal
