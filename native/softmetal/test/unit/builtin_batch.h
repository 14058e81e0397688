// Many built-ins in one kernel: a compilation costs more than all their runs. Each is an expression of x, y
// and z, applied to three columns of arguments as scalars and as vectors of 2, 3 and 4.
#pragma once

#include "unit/kernel_run.h"

struct Batch {
  std::string element;  // MSL's name of the type of arguments and results
  size_t element_bytes, rows;
  std::string prelude;  // MSL in front of the kernel: helpers that calls may use
  std::vector<std::string> calls;
  Memory inputs[3];
};
// width[w] holds, for call k and row i, at (k * rows + i) * w: a vector whose lane l is made from row i + l.
struct BatchResult {
  Memory width[5];
};

// One function per call and width, so that the compiler's work stays linear.
inline std::string batch_section(const Batch& batch, size_t number, int width) {
  const std::string id = std::to_string(number), lanes = std::to_string(width), &element = batch.element;
  const std::string type = width == 1 ? element : element + lanes, input = "device const " + element + "* ";
  auto load = [&](const std::string& from) {
    std::string parts;
    for (int l = 0; l < width; l++) parts += (l ? ", " : "") + from + "[(i + " + std::to_string(l) + ") % n]";
    return type + "(" + parts + ")";
  };
  std::string store = width == 1 ? "out[" + id + " * n + i] = r;\n"
                                 : "for (int l = 0; l < " + lanes + "; l++) out[(" + id + " * n + i) * " +
                                       lanes + " + l] = r[l];\n";
  return "__attribute__((noinline)) void section" + id + "_" + lanes + "(" + input + "a, " + input + "b, " +
         input + "c, device " + element + "* out, uint i, uint n) {\n  typedef " + type +
         " T; T x = " + load("a") + ", y = " + load("b") + ", z = " + load("c") +
         ";\n  (void)x; (void)y; (void)z;\n  T r = T(" + batch.calls[number] + ");\n  " + store + "}\n";
}

inline std::string batch_kernel(const Batch& batch) {
  std::string text = "#include <metal_stdlib>\nusing namespace metal;\n" + batch.prelude;
  std::string parameters, body;
  const std::string inputs = "abc";
  for (int p = 0; p < 3; p++)
    parameters +=
        "device const " + batch.element + "* " + inputs[p] + " [[buffer(" + std::to_string(p) + ")]], ";
  for (int w = 1; w <= 4; w++) {
    const std::string width = std::to_string(w);
    parameters +=
        "device " + batch.element + "* out" + width + " [[buffer(" + std::to_string(w + 2) + ")]], ";
    for (size_t k = 0; k < batch.calls.size(); k++) {
      text += batch_section(batch, k, w);
      body += "  section" + std::to_string(k) + "_" + width + "(a, b, c, out" + width + ", i, " +
              std::to_string(batch.rows) + ");\n";
    }
  }
  return text + "kernel void f(" + parameters + "uint i [[thread_position_in_grid]]) {\n" + body + "}\n";
}

inline BatchResult run_batch(const Batch& batch) {
  std::vector<Memory> buffers(batch.inputs, batch.inputs + 3);
  for (int w = 1; w <= 4; w++)
    buffers.emplace_back(batch.calls.size() * batch.rows * w * batch.element_bytes);
  KernelRun run;
  run.threads = uint32_t(batch.rows);
  run_kernel(batch_kernel(batch), run, buffers);
  BatchResult result;
  for (int w = 1; w <= 4; w++) result.width[w] = buffers[w + 2];
  return result;
}
