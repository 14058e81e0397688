// The engine under kernels in MSL: barriers, places, lockstep and what only validation finds.
#include <cfenv>

#include "check.h"
#include "dispatches.h"
#include "kernel_run.h"
#include "report/report.h"

using namespace softmetal;

namespace {

constexpr uint32_t kThreads = 64;

struct Outcome {
  std::vector<uint32_t> out = std::vector<uint32_t>(kThreads);
  DispatchResult result;
  const Report& report() const { return result.reports.at(0); }
};

// `body` may use out, shared (64 uints), i, lane. Line 1 of it is line 4 of the file.
Outcome run(const std::string& body, BuildMode mode, Settings settings) {
  std::string text =
      "#include <metal_stdlib>\nusing namespace metal;\n"
      "kernel void f(device uint* out [[buffer(0)]], uint i [[thread_index_in_threadgroup]], "
      "uint lane [[thread_index_in_simdgroup]]) { threadgroup uint shared[64];\n" +
      body + "\n}\n";
  KernelRun run;
  run.mode = mode;
  Outcome outcome;
  Dispatch dispatch = hand::dispatch(compile_kernel(text, run).kernel, {1}, {kThreads});
  hand::bind(dispatch, 0, outcome.out);
  settings.validate = mode == BuildMode::kInstrumented && settings.validate;
  outcome.result = run_dispatch(dispatch, settings);
  return outcome;
}

Settings with_validation() {
  Settings settings = hand::settings();
  settings.validate = true;
  return settings;
}

const Schedule kSchedules[] = {Schedule::kInOrder, Schedule::kReverse, Schedule::kRandom,
                               Schedule::kLockstep};

}  // namespace

TEST("kernels round to nearest on threads that were made by a thread which rounds otherwise") {
  const std::string text =
      "kernel void f(device uint* out, constant float& small, uint g [[threadgroup_position_in_grid]]) {\n"
      "float sum = 0;\nfor (int i = 0; i < 100000; i++) sum += small;\n"
      "out[g] = (1.0f + small > 1.0f) + (sum == 0.0f); }\n";
  std::vector<uint32_t> out(256, 7);
  std::vector<float> small = {0x1p-30f};
  Dispatch dispatch = hand::dispatch(compile_kernel(text, {}).kernel, {uint32_t(out.size())}, {1});
  hand::bind(dispatch, 0, out);
  hand::bind(dispatch, 1, small);
  Settings settings = hand::settings();
  settings.workers = 12;  // more than before: the pool starts threads now
  fesetround(FE_UPWARD);
  DispatchResult result = run_dispatch(dispatch, settings);
  fesetround(FE_TONEAREST);
  CHECK(result.reports.empty());
  CHECK(out == std::vector<uint32_t>(out.size(), 0));
}

TEST("threadgroup_barrier: what all threads wrote before is there after") {
  const char* const forms[] = {
      "threadgroup_barrier(mem_flags::mem_threadgroup);",
      "threadgroup_barrier(mem_flags::mem_threadgroup | mem_flags::mem_device);",
      "threadgroup_barrier(mem_flags::mem_threadgroup, thread_scope_threadgroup);",
  };
  for (const char* form : forms) {
    for (BuildMode mode : {BuildMode::kFast, BuildMode::kInstrumented}) {
      for (Schedule schedule : kSchedules) {
        Settings settings = with_validation();
        settings.schedule = schedule;
        Outcome outcome =
            run(std::string("shared[i] = i * i;\n") + form + "\nout[i] = shared[63 - i];", mode, settings);
        CHECK(outcome.result.reports.empty());
        for (uint32_t i = 0; i < kThreads; i++) CHECK_EQUAL(outcome.out[i], (63 - i) * (63 - i));
      }
    }
  }
}

TEST("simdgroup_barrier: what the own simdgroup wrote before is there after") {
  for (const char* form : {"simdgroup_barrier(mem_flags::mem_threadgroup);",
                           "simdgroup_barrier(mem_flags::mem_threadgroup, thread_scope_simdgroup);"}) {
    for (Schedule schedule : kSchedules) {
      Settings settings = with_validation();
      settings.schedule = schedule;
      Outcome outcome = run(std::string("shared[i] = i + 1;\n") + form + "\nout[i] = shared[i ^ 31];",
                            BuildMode::kInstrumented, settings);
      CHECK(outcome.result.reports.empty());
      for (uint32_t i = 0; i < kThreads; i++) CHECK_EQUAL(outcome.out[i], (i ^ 31) + 1);
    }
  }
}

TEST("lockstep: the lanes of a simdgroup advance together, as on hardware, even without a barrier") {
  const std::string body = "shared[i] = i + 1;\nout[i] = shared[i ^ 1];";
  Settings settings = hand::settings();
  Outcome alone = run(body, BuildMode::kInstrumented, settings);
  CHECK_EQUAL(alone.out[0], 0xffffffffu);  // thread 0 ran to its end before thread 1 began
  settings.schedule = Schedule::kLockstep;
  Outcome together = run(body, BuildMode::kInstrumented, settings);
  for (uint32_t i = 0; i < kThreads; i++) CHECK_EQUAL(together.out[i], (i ^ 1) + 1);
}

TEST("places are the author's: divergent barriers, operations and matrix products") {
  for (BuildMode mode : {BuildMode::kFast, BuildMode::kInstrumented}) {
    Outcome barrier = run("\nif (i < 40)\n  threadgroup_barrier(mem_flags::mem_none);\nout[i] = i;", mode,
                          with_validation());
    CHECK_EQUAL(slug(barrier.report().kind), std::string("divergent-barrier"));
    CHECK_EQUAL(barrier.report().location.file, "program_source");
    CHECK_EQUAL(barrier.report().location.line, 6);
    Outcome sum =
        run("\n\nuint x = lane < 9 ? simd_sum(i)\n  : simd_max(i);\nout[i] = x;", mode, with_validation());
    CHECK_EQUAL(slug(sum.report().kind), std::string("divergent-simdgroup"));
    CHECK(sum.report().location.line == 6 || sum.report().location.line == 7);
    CHECK_EQUAL(sum.report().location.file, "program_source");
    Outcome product =
        run("simdgroup_float8x8 a(1.0f);\nif (i == 50) return;\n"
            "simdgroup_multiply_accumulate(a, a, a, a);\nout[i] = a.thread_elements()[0];",
            mode, with_validation());
    CHECK_EQUAL(slug(product.report().kind), std::string("divergent-simdgroup"));
    CHECK_EQUAL(product.report().location.line, 6);
  }
}

TEST("a helper called in two branches: its reduction is not one") {
  std::string text =
      "#include <metal_stdlib>\nusing namespace metal;\n"
      "static uint add(uint x) { return simd_sum(x); }\n"
      "kernel void f(device uint* out, uint i [[thread_index_in_threadgroup]]) {\n"
      "if (i % 2) out[i] = add(i);\nelse out[i] = add(i) + 1;\n}\n";
  for (BuildMode mode : {BuildMode::kFast, BuildMode::kInstrumented}) {
    KernelRun run;
    run.mode = mode;
    std::vector<uint32_t> out(32);
    Dispatch dispatch = hand::dispatch(compile_kernel(text, run).kernel, {1}, {32});
    hand::bind(dispatch, 0, out);
    DispatchResult result = run_dispatch(dispatch, hand::settings());
    CHECK_EQUAL(result.reports.size(), 1u);
    CHECK_EQUAL(slug(result.reports.at(0).kind), std::string("divergent-simdgroup"));
  }
}

TEST("a lane that does not take part is reported by validation when its value is asked for") {
  const char* const calls[] = {"simd_shuffle(i, 40)",
                               "simd_shuffle(i, 3)",
                               "simd_shuffle_xor(i, 3)",
                               "simd_shuffle_down(i, 1)",
                               "simd_broadcast(i, 3)",
                               "quad_shuffle(i, 3)",
                               "simd_shuffle_and_fill_up(i, i, 2)"};
  for (const char* call : calls) {
    std::string body = std::string("if (lane == 3) return;\n\nout[i] = ") + call + ";";
    Outcome outcome = run(body, BuildMode::kInstrumented, with_validation());
    CHECK_EQUAL(outcome.result.reports.size(), 1u);
    if (outcome.result.reports.size() != 1) continue;
    CHECK_EQUAL(slug(outcome.report().kind), std::string("inactive-lane"));
    CHECK_EQUAL(outcome.report().location.line, 6);
    CHECK(!outcome.result.faulted);
    CHECK(run(body, BuildMode::kFast, hand::settings()).result.reports.empty());
  }
  Outcome fine =
      run("if (lane == 3) return;\nout[i] = simd_shuffle(i, 4) + simd_sum(i) + simd_broadcast_first(i);",
          BuildMode::kInstrumented, with_validation());
  for (const Report& report : fine.result.reports) check::fail(__FILE__, __LINE__, to_text(report));
}

TEST("an endless loop is stopped in both builds and names a line in the instrumented one") {
  const std::string body =
      "device atomic_uint* flag = (device atomic_uint*)out;\n"
      "while (atomic_load_explicit(flag, memory_order_relaxed) == 0) {\n}\nout[i] = 1;";
  for (BuildMode mode : {BuildMode::kFast, BuildMode::kInstrumented}) {
    Settings settings = with_validation();
    settings.timeout = 0.1;
    Outcome outcome = run(body, mode, settings);
    CHECK(outcome.result.faulted);
    CHECK_EQUAL(slug(outcome.report().kind), std::string("hang"));
    if (mode == BuildMode::kInstrumented) CHECK_EQUAL(outcome.report().location.line, 5);
  }
}

TEST("a fault without a better place is reported where the kernel is declared") {
  Outcome outcome = run("out[i << 24] = 1;", BuildMode::kFast, hand::settings());
  CHECK_EQUAL(slug(outcome.report().kind), std::string("address-fault"));
  CHECK_EQUAL(outcome.report().location.line, 3);
}
