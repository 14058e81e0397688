// MSL text -> C++ text and what the device must know about it. Works on tokens: the C++ compiler does the
// types.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "kernel_abi.h"

namespace softmetal {

struct Diagnostic {
  std::string file;
  int line = 0, column = 0;
  std::string severity = "error";  // "error", "warning", "note"
  std::string message;
};

struct Parameter {
  std::string name, type;
  sm_argument_kind kind;
  int index = 0;
  std::string condition;  // of [[function_constant(condition)]]; empty = always there
};

struct Kernel {
  std::string name;
  std::vector<Parameter> parameters;
  bool is_template = false;
  int max_threads = 0;  // [[max_total_threads_per_threadgroup(n)]]; 0 = not given
  std::string file;
  int line = 0;
};

struct EntryPoint {
  std::string host_name;   // what newFunctionWithName: is given
  std::string expression;  // what to call: f, f<256, float>, ns::f
  int kernel = -1;
};

struct FunctionConstant {
  std::string type, name;
  int index = -1;
};

struct Program {
  std::string text;
  std::vector<Kernel> kernels;
  std::vector<EntryPoint> entry_points;
  std::vector<FunctionConstant> constants;
  std::vector<Diagnostic> diagnostics;
};

enum class Dialect { kRun, kStrict };

// `preprocessed` is the output of clang -E with stdlib/preprocess in front; its line markers are kept.
Program translate(std::string_view preprocessed, Dialect dialect);

// The text that defines `sm_kernel_table` for one entry point with these constants (index -> C++ literal;
// absent = not set).
std::string entry_text(const Program& program, const EntryPoint& entry,
                       const std::map<int, std::string>& constants);

// The text that -fsyntax-only sees: the bodies of all kernels that are not templates, and what host_name instantiates.
std::string check_text(const Program& program);

}  // namespace softmetal
