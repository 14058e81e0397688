#include "translate/program.h"

namespace softmetal {
namespace {

const char* kind_name(sm_argument_kind kind) {
  static const char* const kNames[] = {
      "SM_ARGUMENT_BUFFER",
      "SM_ARGUMENT_THREADGROUP",
      "SM_THREAD_POSITION_IN_GRID",
      "SM_THREAD_POSITION_IN_THREADGROUP",
      "SM_THREADGROUP_POSITION_IN_GRID",
      "SM_THREADS_PER_THREADGROUP",
      "SM_DISPATCH_THREADS_PER_THREADGROUP",
      "SM_THREADGROUPS_PER_GRID",
      "SM_THREADS_PER_GRID",
      "SM_GRID_ORIGIN",
      "SM_GRID_SIZE",
      "SM_THREAD_INDEX_IN_THREADGROUP",
      "SM_THREAD_INDEX_IN_SIMDGROUP",
      "SM_THREAD_INDEX_IN_QUADGROUP",
      "SM_SIMDGROUP_INDEX_IN_THREADGROUP",
      "SM_QUADGROUP_INDEX_IN_THREADGROUP",
      "SM_SIMDGROUPS_PER_THREADGROUP",
      "SM_DISPATCH_SIMDGROUPS_PER_THREADGROUP",
      "SM_QUADGROUPS_PER_THREADGROUP",
      "SM_THREADS_PER_SIMDGROUP",
      "SM_ARGUMENT_ABSENT",
  };
  static_assert(sizeof kNames / sizeof kNames[0] == SM_ARGUMENT_ABSENT + 1);
  return kNames[kind];
}

// Puts text into the namespace of "a::b::".
std::string inside(const std::string& scope, const std::string& text) {
  if (scope.empty()) return text;
  return "namespace " + scope.substr(0, scope.size() - 2) + " { " + text + "}\n";
}

std::string define_constants(const Program& program, const std::map<int, std::string>& values) {
  std::string text;
  for (const FunctionConstant& constant : program.constants) {
    auto value = values.find(constant.index);
    bool set = value != values.end();
    std::string definition = "const bool sm_is_set_" + constant.name + (set ? " = true;\n" : " = false;\n");
    if (set) {
      std::string literal = "sm_constant_" + constant.scope + constant.name;
      for (size_t colon; (colon = literal.find(':')) != std::string::npos;) literal.replace(colon, 1, "_");
      text += "namespace sm_values { using namespace metal; static const auto " + literal + " = " +
              value->second + "; }\n";
      definition += "const " + constant.type + " " + constant.name + " = " + constant.type +
                    "(sm_values::" + literal + ");\n";
    }
    text += inside(constant.scope, definition);
  }
  return text;
}

std::string line_marker(const std::string& file, int line) {
  return "\n# " + std::to_string(line) + " \"" + file + "\"\n";
}

// What the kernel uses and this device lacks, reported by the compiler at the author's line.
std::string raise(const std::vector<Diagnostic>& problems) {
  std::string text;
  for (const Diagnostic& problem : problems) {
    text += line_marker(problem.file, problem.line) + "static_assert(false, \"" + problem.message + "\");\n";
  }
  return text;
}

std::string bindings(const Kernel& kernel) {
  std::string text;
  for (size_t i = 0; i < kernel.parameters.size(); ++i) {
    const Parameter& parameter = kernel.parameters[i];
    text += std::string(", sm::binding<") + kind_name(parameter.kind) + ", " +
            std::to_string(parameter.index) + ">{\"" + parameter.name + "\", ";
    text += parameter.condition.empty() ? "true" : kernel.scope + "sm_condition_" + std::to_string(i) + "()";
    text += "}";
  }
  return text;
}

std::string conditions(const Kernel& kernel) {
  std::string text;
  for (size_t i = 0; i < kernel.parameters.size(); ++i) {
    const Parameter& parameter = kernel.parameters[i];
    if (parameter.condition.empty()) continue;
    text += inside(kernel.scope, "static inline bool sm_condition_" + std::to_string(i) + "() { return " +
                                     parameter.condition + "; }\n");
  }
  return text;
}

std::string max_threads(const Kernel& kernel, const EntryPoint& entry) {
  if (kernel.max_threads_function.empty()) return std::to_string(kernel.max_threads);
  return kernel.scope + kernel.max_threads_function + entry.arguments + "()";
}

// Qualified, since a kernel may be called like a built-in function: transpose. The types of an instantiation
// pick the overload.
std::string address_of(const Kernel& kernel, const EntryPoint& entry) {
  std::string address = "&::" + kernel.name + entry.arguments;
  if (entry.types.empty()) return address;
  return "static_cast<void (*)(" + entry.types + ")>(" + address + ")";
}

}  // namespace

std::string check_text(const Program& program) { return program.text; }

std::string all_entries_text(const Program& program) {
  std::string text = program.text + line_marker("stdlib/run/detail/raw_entry_point.h", 1);
  for (size_t i = 0; i < program.entry_points.size(); ++i) {
    const EntryPoint& entry = program.entry_points[i];
    const Kernel& kernel = program.kernels[entry.kernel];
    if (!kernel.problems.empty()) continue;
    text += inside(entry.scope, "__attribute__((used)) static auto* const sm_entry_" + std::to_string(i) +
                                    " = " + address_of(kernel, entry) + ";\n");
  }
  return text;
}

std::string entry_text(const Program& program, const EntryPoint& entry,
                       const std::map<int, std::string>& constants) {
  const Kernel& kernel = program.kernels.at(entry.kernel);
  if (!kernel.problems.empty()) return raise(kernel.problems);
  // The file name makes this code the device's own: it is neither checked nor counted.
  std::string text = program.text + line_marker("stdlib/run/detail/raw_entry_point.h", 1);
  text += define_constants(program, constants) + conditions(kernel);
  text += inside(entry.scope, "static constexpr auto sm_function = " + address_of(kernel, entry) + ";\n");
  std::string call = entry.scope + "sm_function";
  text += "static void sm_entry(const sm_thread* thread) { sm::call(" + call + ", thread" + bindings(kernel) +
          "); }\n";
  text += "static const auto sm_arguments = sm::describe(" + call + bindings(kernel) + ");\n";
  text += "SM_KERNEL_TABLE(" + std::to_string(kernel.parameters.size()) +
          ", sm_arguments.values, sm_entry, (" + max_threads(kernel, entry) + "))\n";
  return text;
}

}  // namespace softmetal
