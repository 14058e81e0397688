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
  std::string scope;  // the namespace it stands in: "a::b::" or empty
  bool is_template = false;
  int max_threads =
      0;  // [[max_total_threads_per_threadgroup(n)]]; 0 = not given, or known to the compiler only
  std::string max_threads_function;  // constexpr function (template) in the text that tells; empty = none
  std::string file;
  int line = 0;
  std::vector<Diagnostic>
      problems;  // raised when this kernel is built: it uses what the device does not have
};

struct EntryPoint {
  std::string host_name;  // what newFunctionWithName: is given
  std::string arguments;  // <256, float>
  std::string types;      // of the parameters, where an instantiation spells them
  std::string scope;      // the namespace in which arguments and types are meant
  int kernel = -1;
};

struct FunctionConstant {
  std::string type, name, scope;
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

// The whole translation unit for the type check: every body that is not a template is checked.
std::string check_text(const Program& program);

// The same with all entry points in the object code, templates included.
std::string all_entries_text(const Program& program);

// The whole translation unit of one entry point, which defines `sm_kernel_table`. `constants`: index -> C++
// literal. One that is absent is declared and not defined, so a kernel that really uses it does not link.
std::string entry_text(const Program& program, const EntryPoint& entry,
                       const std::map<int, std::string>& constants);

}  // namespace softmetal
