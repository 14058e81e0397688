// The strict check: the shader's text as C++ for OpenCL, where address spaces are part of the types.
#include <set>

#include "compile/cache.h"
#include "compile/commands.h"
#include "compile/compiler.h"
#include "compile/diagnostics.h"
#include "compile/files.h"
#include "compile/preprocess.h"
#include "compile/process.h"
#include "compile/strict_calls.h"
#include "compile/strict_filter.h"

namespace softmetal {
namespace {

// Without the generic address space an unqualified pointer is a pointer to thread memory, as in MSL.
Words strict_command(const Toolchain& tools, const std::string& file) {
  return tools.clang + Words{"-x",
                             "clcpp",
                             "-cl-std=clc++2021",
                             "-cl-no-stdinc",
                             "-nostdinc",
                             "-Xclang",
                             "-cl-ext=-all,+cl_khr_fp16,+__cl_clang_function_pointers",
                             "-fsyntax-only",
                             "-fno-color-diagnostics",
                             "-fno-caret-diagnostics",
                             "-fno-elide-type",
                             "-Wno-everything",
                             "-ferror-limit=0",
                             "-include",
                             softmetal_folder() + "/stdlib/strict/metal.h",
                             file};
}

// Places that already have an error: the compiler's own complaint about them says nothing new.
class Findings {
 public:
  void add(const std::vector<Diagnostic>& diagnostics) {
    std::set<std::pair<std::string, int>> fresh;
    bool skipping = false;
    for (const Diagnostic& diagnostic : diagnostics) {
      if (diagnostic.severity == "warning") {
        all_.push_back(diagnostic);
        continue;
      }
      if (diagnostic.severity != "note") {
        skipping = places_.count({diagnostic.file, diagnostic.line}) != 0;
        fresh.insert({diagnostic.file, diagnostic.line});
      }
      if (!skipping) all_.push_back(diagnostic);
    }
    places_.merge(fresh);
  }
  std::vector<Diagnostic> take() { return std::move(all_); }

 private:
  std::vector<Diagnostic> all_;
  std::set<std::pair<std::string, int>> places_;
};

std::vector<Diagnostic> check_types(const Toolchain& tools, const std::string& text) {
  TemporaryFolder folder;
  if (!folder.failure.empty()) return plain_error(folder.failure);
  std::string file = folder.path + "/strict.cc";
  write_file(file, text);
  ProcessResult run = run_process(strict_command(tools, file));
  std::vector<Diagnostic> diagnostics = parse_all_diagnostics(run.error);
  if (run.status != 0 && !has_error(diagnostics)) return plain_error("the compiler failed: " + run.error);
  return in_terms_of_metal(diagnostics);
}

// The program as it runs: its types are MSL's but for the address spaces, all entry points are in it, and
// every call is a call in its code.
std::vector<Diagnostic> check_as_it_runs(const Toolchain& tools, const std::string& preprocessed) {
  CodeOptions code{true, BuildMode::kInstrumented};
  Shared shared = shared_parts(tools, code);
  TemporaryFolder folder;
  if (!shared.failure.empty()) return plain_error(shared.failure);
  if (!folder.failure.empty()) return plain_error(folder.failure);
  std::string source = folder.path + "/calls.cc", output = folder.path + "/calls.ll";
  write_file(source, all_entries_text(translate(preprocessed, Dialect::kRun)));
  ProcessResult run = run_process(tools.clang + language_flags(code) +
                                  Words{"-x", "c++", "-include-pch", shared.headers, "-Xclang",
                                        "-disable-llvm-passes", "-S", "-emit-llvm", source, "-o", output});
  if (run.status != 0) {
    std::vector<Diagnostic> diagnostics = parse_diagnostics(run.error);
    return has_error(diagnostics) ? diagnostics : plain_error("the compiler failed: " + run.error);
  }
  return check_calls(read_file(output).value_or(""));
}

// What uses textures and the like is not read at all.
std::vector<Diagnostic> unchecked(const Program& program) {
  std::vector<Diagnostic> warnings;
  for (const Kernel& kernel : program.kernels) {
    for (Diagnostic problem : kernel.problems) {
      problem.severity = "warning";
      problem.message += ", so this kernel is not checked";
      warnings.push_back(std::move(problem));
    }
  }
  return warnings;
}

}  // namespace

std::vector<Diagnostic> strict_check(const std::string& source, const LibraryOptions& options) try {
  Toolchain tools = find_toolchain();
  if (tools.version.empty()) return plain_error(tools.failure);
  Preprocessed text = preprocess(source, options, tools);
  if (has_error(text.diagnostics)) return text.diagnostics;
  Program program = translate(text.text, Dialect::kStrict);
  Findings findings;
  findings.add(program.diagnostics);
  findings.add(unchecked(program));
  findings.add(check_types(tools, program.text));
  findings.add(check_as_it_runs(tools, text.text));
  return findings.take();
} catch (const std::exception& problem) {
  return plain_error(problem);
}

}  // namespace softmetal
