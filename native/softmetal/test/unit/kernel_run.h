// Compiles a kernel text and runs it over plain memory.
#pragma once

#include <cstring>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

#include "compile/compiler.h"
#include "engine/dispatch.h"

struct KernelRun {
  std::string function = "f";
  uint32_t threads = 1;
  uint32_t threads_per_threadgroup = 64;
  bool fast_math = false;  // off: contractions are those of the text, the same in every build
  softmetal::BuildMode mode = softmetal::BuildMode::kFast;
  std::map<int, std::string> constants = {};
};
using Memory = std::vector<uint8_t>;

inline softmetal::FunctionResult compile_kernel(const std::string& source, const KernelRun& run) {
  softmetal::LibraryOptions options;
  options.fast_math = run.fast_math;
  softmetal::LibraryResult library = softmetal::compile_library(source, options);
  if (!library.library) throw std::runtime_error(to_text(library.diagnostics));
  for (const softmetal::EntryPoint& entry : library.library->program.entry_points) {
    if (entry.host_name != run.function) continue;
    softmetal::FunctionResult result = compile_function(*library.library, entry, run.constants, run.mode);
    if (!result.kernel) throw std::runtime_error(to_text(result.diagnostics));
    return result;
  }
  throw std::runtime_error("no kernel named " + run.function);
}

// Buffer i of the kernel is buffers[i].
inline void run_kernel(const std::string& source, const KernelRun& run, std::vector<Memory>& buffers) {
  softmetal::Dispatch dispatch;
  dispatch.kernel = compile_kernel(source, run).kernel;
  for (size_t i = 0; i < buffers.size(); i++) {
    dispatch.buffers[i].address = buffers[i].data();
    dispatch.buffers[i].length = buffers[i].size();
  }
  for (int d = 0; d < 3; d++) dispatch.threads_per_threadgroup[d] = dispatch.threads_per_grid[d] = 1;
  dispatch.threads_per_threadgroup[0] = run.threads_per_threadgroup;
  dispatch.threads_per_grid[0] = run.threads;
  softmetal::DispatchResult result = run_dispatch(dispatch, softmetal::current_settings());
  if (!result.reports.empty()) throw std::runtime_error(to_text(result.reports[0]));
}

template <class T>
T element(const Memory& memory, size_t index) {
  T value;
  std::memcpy(&value, memory.data() + index * sizeof(T), sizeof(T));
  return value;
}
template <class T>
Memory memory_of(const std::vector<T>& values) {
  Memory memory(values.size() * sizeof(T));
  std::memcpy(memory.data(), values.data(), memory.size());
  return memory;
}

// `body` in one thread, with `in` and `out` in device memory; helpers stand in front of the kernel.
template <class Out, class In>
std::vector<Out> evaluate(const std::string& in_type, const std::string& out_type, const std::string& body,
                          const std::vector<In>& in, size_t results, const std::string& helpers = "") {
  std::vector<Memory> buffers{memory_of(in), Memory(results * sizeof(Out))};
  run_kernel("#include <metal_stdlib>\nusing namespace metal;\n" + helpers + "kernel void f(device const " +
                 in_type + "* in [[buffer(0)]], device " + out_type + "* out [[buffer(1)]]) {\n" + body +
                 "}\n",
             KernelRun(), buffers);
  std::vector<Out> out;
  for (size_t i = 0; i < results; i++) out.push_back(element<Out>(buffers[1], i));
  return out;
}
