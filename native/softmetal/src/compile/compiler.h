// Drives the C++ compiler: MSL source -> library -> loaded kernel. Everything is cached on disk by content.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "kernel_abi.h"
#include "report/report.h"
#include "translate/program.h"

namespace softmetal {

struct LibraryOptions {
  std::string file_name = "program_source";  // what diagnostics call the text; Metal's own name for it
  std::map<std::string, std::string> macros;
  std::vector<std::string> include_folders;
  bool fast_math = true;
  int language_version = 0x30001;  // MTLLanguageVersion: major << 16 | minor
};

struct Library {
  LibraryOptions options;
  Program program;
};

struct LibraryResult {
  std::shared_ptr<const Library> library;  // null: see diagnostics
  std::vector<Diagnostic> diagnostics;
};

// Preprocesses, translates and checks the types of everything that is not a template.
LibraryResult compile_library(const std::string& source, const LibraryOptions& options);

enum class BuildMode { kFast, kInstrumented };

// A place in the shader that touches memory, and a straight piece of code with what it computes; instrumented
// builds only.
struct Site {
  Location location;
  uint32_t alignment;
  // Of a whole object, whose padding may be among the bytes: memcpy, and loads of integers, since that is how
  // the compiler copies small structs.
  bool copy = false;
};
struct Block {
  Location location;
  // Of one execution; what each one is: compile/instrument_counts.h.
  uint32_t multiply_adds = 0, additions = 0, multiplications = 0, divisions = 0, exp2 = 0, other_math = 0;
  uint32_t comparisons = 0, integer = 0, conversions = 0;
};

struct LoadedKernel {
  const sm_kernel* table = nullptr;
  std::string name;  // as the host knows it
  BuildMode mode = BuildMode::kFast;
  Location declared;  // where the author wrote it
  int max_threads = 0;
  const void *image_begin = nullptr, *image_end = nullptr;  // constants of the program are in here
  std::vector<Site> sites;
  std::vector<Block> blocks;
  std::vector<std::string> argument_names;
};

struct FunctionResult {
  std::shared_ptr<const LoadedKernel> kernel;
  std::vector<Diagnostic> diagnostics;
};

// `constants`: index -> C++ literal. The library stays loaded as long as the process.
FunctionResult compile_function(const Library& library, const EntryPoint& entry,
                                const std::map<int, std::string>& constants, BuildMode mode);

// Strict check: the text as Apple's compiler would see it, address spaces enforced. Empty = legal.
std::vector<Diagnostic> strict_check(const std::string& source, const LibraryOptions& options);

// The compiler in use, for logs and cache keys: "clang version 20.1.2 ... (zig)". Empty when there is none.
std::string compiler_version();

// One line per diagnostic, like a compiler's: "file:line:column: error: message".
std::string to_text(const std::vector<Diagnostic>& diagnostics);

}  // namespace softmetal
