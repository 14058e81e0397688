// How long things take. The figures are printed; the limits are those that the device promises on two cores
// of x86-64 and hold for the best of several runs, since a busy machine says nothing about the device.
#include <algorithm>
#include <ctime>

#include "check.h"
#include "dispatches.h"
#include "example_kernel.h"
#include "kernel_run.h"

using namespace softmetal;

namespace {

#if defined(__x86_64__)
constexpr bool kMeasures = true;
#else
constexpr bool kMeasures = false;  // emulated: the figures say nothing
#endif

// Time of the processor, not of the clock: others may be at work on the machine. `workers` of them share the
// work evenly.
template <class F>
double best_seconds(int runs, int workers, F f) {
  double best = 1e9;
  for (int i = 0; i < runs; i++) {
    clock_t begin = clock();
    f();
    best = std::min(best, double(clock() - begin) / CLOCKS_PER_SEC / workers);
  }
  return best;
}

void expect_below(const char* what, double value, double limit, const char* unit) {
  std::printf("# %s: %.3g %s (limit %g)\n", what, value, unit, limit);
  CHECK(!kMeasures || value < limit);
}

constexpr const char* kOperations = R"(#include <metal_stdlib>
using namespace metal;
kernel void shuffles(device float* out, constant uint& count, uint i [[thread_index_in_threadgroup]]) {
  float x = i;
  for (uint k = 0; k < count; k++) x = simd_shuffle_xor(x, 5);
  out[i] = x;
}
kernel void sums(device float* out, constant uint& count, uint i [[thread_index_in_threadgroup]]) {
  float x = i;
  for (uint k = 0; k < count; k++) x = simd_sum(x) * 0.03125f;
  out[i] = x;
}
kernel void matrices(device float* out, constant uint& count, uint i [[thread_index_in_threadgroup]]) {
  simdgroup_float8x8 a(0.5f), b(0.25f), c(0.125f);
  for (uint k = 0; k < count; k++) simdgroup_multiply_accumulate(c, a, b, c);
  out[i] = c.thread_elements()[0];
}
kernel void barriers(device float* out, constant uint& count, uint i [[thread_index_in_threadgroup]]) {
  for (uint k = 0; k < count; k++) threadgroup_barrier(mem_flags::mem_threadgroup);
  out[i] = i;
})";

// Microseconds of one operation of one simdgroup.
double measure(const char* function) {
  KernelRun run;
  run.function = function;
  std::vector<float> out(32);
  std::vector<uint32_t> count = {20000};
  Dispatch dispatch = hand::dispatch(compile_kernel(kOperations, run).kernel, {1}, {32});
  hand::bind(dispatch, 0, out);
  hand::bind(dispatch, 1, count);
  return best_seconds(10, 1, [&] { CHECK(!run_dispatch(dispatch, hand::settings()).faulted); }) / count[0] *
         1e6;
}

}  // namespace

TEST("a switch between fibers takes less than 10 ns") {
  double best = 1e9;
  for (int i = 0; i < 5; i++) best = std::min(best, measure_switch_nanoseconds());
  expect_below("switch", best, 10, "ns");
}
TEST("an 8x8 multiply-accumulate takes less than 3 us") {
  expect_below("multiply-accumulate", measure("matrices"), 3, "us");
}
TEST("a shuffle takes less than 3 us") { expect_below("shuffle", measure("shuffles"), 3, "us"); }
TEST("a sum takes less than 3 us") { expect_below("sum", measure("sums"), 3, "us"); }
TEST("a threadgroup barrier takes less than 3 us per simdgroup") {
  expect_below("barrier", measure("barriers"), 3, "us");
}

namespace {
double example_milliseconds(bool validate) {
  ExampleRun example(4, 256);
  KernelRun run;
  run.function = "attention";
  run.fast_math = true;
  run.mode = validate ? BuildMode::kInstrumented : BuildMode::kFast;
  Settings settings = hand::settings();
  settings.validate = validate;
  Dispatch dispatch = example.dispatch(compile_kernel(example_source(), run).kernel);
  double seconds = best_seconds(validate ? 3 : 6, settings.workers,
                                [&] { CHECK(run_dispatch(dispatch, settings).reports.empty()); });
  CHECK(example.finished());
  return seconds * 1e3;
}
}  // namespace

TEST("the example attention-forward, 4 x 256 x 64 in float, takes less than 200 ms") {
  expect_below("example", example_milliseconds(false), 200, "ms");
}
TEST("the same under validation takes less than 1 s") {
  expect_below("validated example", example_milliseconds(true), 1000, "ms");
}
