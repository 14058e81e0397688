// Planted bugs in real kernels: each found at its line, and silent once mended, whatever the schedule.
#include "check.h"
#include "engine/memory.h"
#include "unit/kernel_run.h"
#include "unit/planted_bugs.h"

using namespace softmetal;

namespace {

constexpr uint64_t kGuard = 64 << 10;

struct GuardedBuffer {
  explicit GuardedBuffer(uint64_t length) : length(length), address(allocate_guarded(length, kGuard)) {
    std::memset(address, 0, length);
  }
  ~GuardedBuffer() { free_guarded(address); }
  const uint64_t length;
  void* const address;
};

std::shared_ptr<const LoadedKernel> compile(const std::string& source, bool bug) {
  KernelRun run;
  run.mode = BuildMode::kInstrumented;
  std::string head = bug ? "#define BUG 1\n" : "#define MENDED 1\n";
  return compile_kernel(
             head + "#include <metal_stdlib>\nusing namespace metal;\n#line 1 \"k.metal\"" + source, run)
      .kernel;
}

std::vector<Report> run(const std::shared_ptr<const LoadedKernel>& kernel, const Settings& settings) {
  GuardedBuffer in(256), out(256), params(16), bins(256);
  Dispatch dispatch;
  dispatch.kernel = kernel;
  dispatch.buffers[0] = {in.address, in.length, true};
  dispatch.buffers[1] = {out.address, out.length, true};
  dispatch.buffers[2] = {params.address, params.length, false};
  dispatch.buffers[3] = {bins.address, bins.length, true};
  dispatch.threadgroup_lengths[0] = 256;
  dispatch.threadgroup_lengths[1] = 64;
  for (int i = 0; i < 3; i++) dispatch.threads_per_threadgroup[i] = dispatch.threads_per_grid[i] = 1;
  dispatch.threads_per_threadgroup[0] = 64;
  dispatch.threads_per_grid[0] = 128;
  return run_dispatch(dispatch, settings).reports;
}

Settings schedule(uint64_t seed) {
  Settings settings = current_settings();
  settings.validate = true;
  settings.workers = 1 + int(seed % 2);
  settings.seed = seed;
  settings.schedule = seed == 0   ? Schedule::kInOrder
                      : seed == 1 ? Schedule::kReverse
                      : seed == 2 ? Schedule::kLockstep
                                  : Schedule::kRandom;
  return settings;
}

int line_of(const std::string& source, const std::string& mark) {
  int line = 1;
  std::istringstream lines(source.substr(1));
  for (std::string text; std::getline(lines, text); ++line) {
    size_t comment = text.find("//");
    if (comment != std::string::npos && text.find(mark, comment) != std::string::npos) return line;
  }
  return 0;
}

std::string all_texts(const std::vector<Report>& reports) {
  std::string text;
  for (const Report& report : reports) text += to_text(report) + "\n";
  return text;
}

void expect_found(const PlantedBug& bug, const std::vector<Report>& reports) {
  const Report* found = nullptr;
  for (const Report& report : reports) {
    if (slug(report.kind) == std::string(bug.slug) && report.location.line == line_of(bug.source, "HERE")) {
      found = &report;
    }
  }
  if (!found)
    return check::fail(__FILE__, __LINE__, std::string(bug.name) + ": not found, but\n" + all_texts(reports));
  int other = line_of(bug.source, "OTHER");
  CHECK_EQUAL(found->location.file, "k.metal");
  CHECK_EQUAL(found->notes.empty() ? 0 : found->notes[0].location.line, other);
  CHECK(found->thread.has_value());
}

void expect_silent(const PlantedBug& clean) {
  auto kernel = compile(clean.source, false);
  for (uint64_t seed = 0; seed < 20; ++seed) {
    std::vector<Report> reports = run(kernel, schedule(seed));
    if (reports.empty()) continue;
    return check::fail(
        __FILE__, __LINE__,
        std::string(clean.name) + ", seed " + std::to_string(seed) + ":\n" + all_texts(reports));
  }
}

}  // namespace

TEST("each planted bug is found at its line, under every schedule") {
  for (const PlantedBug& bug : kPlantedBugs) {
    auto kernel = compile(bug.source, true);
    for (uint64_t seed = 0; seed < 6; ++seed) expect_found(bug, run(kernel, schedule(seed)));
  }
}

TEST("the same kernels mended are silent under 20 schedules") {
  for (const PlantedBug& bug : kPlantedBugs) expect_silent(bug);
}

TEST("correct kernels that come close to a bug are silent under 20 schedules") {
  for (const PlantedBug& clean : kCleanKernels) expect_silent(clean);
}
