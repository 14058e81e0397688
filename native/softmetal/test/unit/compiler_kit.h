// Compiling and running small kernels, and compilers that watch or misbehave.
#pragma once

#include <sys/stat.h>

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "check.h"
#include "compile/compiler.h"
#include "compile/files.h"
#include "compile/toolchain.h"
#include "engine/dispatch.h"
#include "temporary.h"

namespace kit {

using namespace softmetal;

inline std::string msl(const std::string& text) {
  return "#include <metal_stdlib>\nusing namespace metal;\n" + text;
}

// Diagnostics of a library that must not compile; they are tested as text.
inline std::string errors_of(const std::string& source, const LibraryOptions& options = {}) {
  LibraryResult result = compile_library(source, options);
  return result.library ? "it compiled" : to_text(result.diagnostics);
}

struct Built {
  std::shared_ptr<const LoadedKernel> kernel;
  std::string text;  // of all diagnostics
};

inline Built build(const std::string& source, const std::string& name, BuildMode mode = BuildMode::kFast,
                   const std::map<int, std::string>& constants = {}, const LibraryOptions& options = {}) {
  LibraryResult made = compile_library(source, options);
  if (!made.library) return {nullptr, to_text(made.diagnostics)};
  for (const EntryPoint& entry : made.library->program.entry_points) {
    if (entry.host_name != name) continue;
    FunctionResult function = compile_function(*made.library, entry, constants, mode);
    return {function.kernel, to_text(made.diagnostics) + to_text(function.diagnostics)};
  }
  return {nullptr, "no such function"};
}

// Runs one thread with `data` as buffer 0.
inline std::vector<float> run(const Built& built, std::vector<float> data) {
  if (!built.kernel) {
    check::fail(__FILE__, __LINE__, "the kernel was not built: " + built.text);
    return data;
  }
  Dispatch dispatch;
  dispatch.kernel = built.kernel;
  dispatch.buffers[0] = {data.data(), data.size() * sizeof(float), true};
  for (int axis = 0; axis < 3; ++axis)
    dispatch.threads_per_threadgroup[axis] = dispatch.threads_per_grid[axis] = 1;
  if (run_dispatch(dispatch, current_settings()).faulted)
    check::fail(__FILE__, __LINE__, "the kernel faulted");
  return data;
}

// A folder with a program `name` that is this shell script.
class FakeProgram : public FolderForTest {
 public:
  FakeProgram(const std::string& name, const std::string& script) : program(path + "/" + name) {
    std::ofstream(program) << "#!/bin/sh\n" << script;
    chmod(program.c_str(), 0755);
  }
  std::string program;
};

// The compiler in use, behind a script that keeps count of its runs.
class CountedCompiler {
 public:
  CountedCompiler()
      : tools_(find_toolchain()), script_("zig", text()), setting_("compiler", script_.program + " clang") {}
  int runs() const {
    std::ifstream log(script_.path + "/log");
    int count = 0;
    for (std::string line; std::getline(log, line);) ++count;
    return count;
  }

 private:
  // A system's clang takes no first word; the script drops the one that zig would get.
  std::string text() const {
    std::ostringstream script;
    script << "echo run >> \"$(dirname \"$0\")/log\"\nverb=$1\nshift\n";
    script << "if [ \"$verb\" = clang ]; then exec " << words(tools_.clang) << " \"$@\"; fi\n";
    script << "exec " << words(tools_.linker) << " \"$@\"\n";
    return script.str();
  }
  static std::string words(const std::vector<std::string>& command) {
    std::string text;
    for (const std::string& word : command) text += "'" + word + "' ";
    return text;
  }
  Toolchain tools_;
  FakeProgram script_;
  SettingForTest setting_;
};

}  // namespace kit
