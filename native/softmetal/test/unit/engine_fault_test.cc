// Kernels that crash or never end: reported, and the process lives on.
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csetjmp>
#include <csignal>

#include "check.h"
#include "engine/memory.h"
#include "hand_kernel.h"

using namespace softmetal;

namespace {

constexpr size_t kGuard = 64 << 20;

Settings fault_settings() {
  Settings settings = hand::settings();
  settings.guard_bytes = kGuard;
  return settings;
}

struct Guarded {
  explicit Guarded(size_t bytes) : address(allocate_guarded(bytes, kGuard)), length(bytes) {}
  ~Guarded() { free_guarded(address); }
  void* address;
  size_t length;
};

KERNEL void write_at(const sm_thread* t) {
  int64_t index = *hand::buffer<int64_t>(t, 1);
  if (t->group->threadgroup_position[0] == 1) {
    if (t->lane == 3) hand::buffer<volatile uint32_t>(t, 0)[index] = 1;
    hand::simdgroup_barrier(HERE);
  }
  hand::buffer<uint32_t>(t, 2)[t->position_in_grid[0]] = 7;
}

DispatchResult write_outside(int64_t index, size_t bytes) {
  Guarded buffer(bytes);
  std::vector<int64_t> where = {index};
  std::vector<uint32_t> out(96);
  Dispatch dispatch = hand::dispatch(write_at, {3}, {32});
  dispatch.buffers[0] = {buffer.address, buffer.length, true};
  hand::bind(dispatch, 1, where);
  hand::bind(dispatch, 2, out);
  DispatchResult result = run_dispatch(dispatch, fault_settings());
  for (int i = 0; i < 32; i++) CHECK(out[i] == 7 && out[64 + i] == 7);
  return result;
}

}  // namespace

TEST("an access past a buffer's end names the buffer, the offset and the thread") {
  DispatchResult result = write_outside(100, 400);
  CHECK(result.faulted);
  CHECK_EQUAL(result.reports.size(), 1u);
  const Report& report = result.reports.at(0);
  CHECK_EQUAL(slug(report.kind), std::string("address-fault"));
  CHECK(report.argument.has_value());
  CHECK_EQUAL(report.argument->table, "buffer");
  CHECK_EQUAL(report.argument->index, 0);
  CHECK_EQUAL(report.argument->offset, 400);
  CHECK_EQUAL(report.argument->length, 400u);
  CHECK(report.thread.has_value());
  CHECK_EQUAL(report.thread->threadgroup[0], 1u);
  CHECK_EQUAL(report.thread->lane, 3u);
}

TEST("an access megabytes past the end or before the beginning is found as well") {
  CHECK_EQUAL(write_outside(5 << 20, 400).reports.at(0).argument->offset, 20 << 20);
  DispatchResult before = write_outside(-(3 << 20), 64);
  CHECK_EQUAL(before.reports.at(0).argument->offset, -(12 << 20));
  CHECK_CONTAINS(before.reports.at(0).message, "before buffer(0)");
}

namespace {
KERNEL void write_null(const sm_thread* t) {
  // In C++ a null pointer has no element 2; a number and an address do.
  auto null = reinterpret_cast<uintptr_t>(t->group->buffer[9]);
  *reinterpret_cast<volatile uint32_t*>(null + 8) = 1;
}
KERNEL void overrun_threadgroup_memory(const sm_thread* t) {
  static_cast<volatile uint32_t*>(t->group->threadgroup[1])[32] = 1;
}
KERNEL void recurse(const sm_thread* t) {
  volatile char big[4096];
  big[0] = 1;
  if (big[0]) recurse(t);
  big[1] = big[0];
}
}  // namespace

TEST("a null pointer, and an overrun of threadgroup memory") {
  DispatchResult null = run_dispatch(hand::dispatch(write_null, {1}, {4}), fault_settings());
  CHECK_CONTAINS(null.reports.at(0).message, "null pointer");
  Dispatch dispatch = hand::dispatch(overrun_threadgroup_memory, {1}, {4});
  dispatch.threadgroup_lengths[1] = 128;
  DispatchResult overrun = run_dispatch(dispatch, fault_settings());
  CHECK_EQUAL(overrun.reports.at(0).argument->table, "threadgroup");
  CHECK_EQUAL(overrun.reports.at(0).argument->index, 1);
  CHECK_EQUAL(overrun.reports.at(0).argument->offset, 128);
}

TEST("private memory that is used up") {
  DispatchResult result = run_dispatch(hand::dispatch(recurse, {1}, {1}), fault_settings());
  CHECK_EQUAL(slug(result.reports.at(0).kind), std::string("stack-overflow"));
}

#if defined(__x86_64__)
namespace {
KERNEL void divide(const sm_thread* t) {
  auto* values = hand::buffer<volatile int>(t, 0);
  values[0] = values[1] / values[2];
}
}  // namespace

TEST("an integer division by zero (arm64 gives 0 and no signal)") {
  std::vector<int> values = {0, 1, 0};
  Dispatch dispatch = hand::dispatch(divide, {1}, {1});
  hand::bind(dispatch, 0, values);
  DispatchResult result = run_dispatch(dispatch, fault_settings());
  CHECK_EQUAL(slug(result.reports.at(0).kind), std::string("integer-division"));
}
#endif

namespace {
double seconds_since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}
KERNEL void spin(const sm_thread* t) {
  auto* flag = hand::buffer<volatile uint32_t>(t, 0);
  while (*flag == 0) {
  }
}
KERNEL void meet_forever(const sm_thread* t) {
  auto* flag = hand::buffer<volatile uint32_t>(t, 0);
  while (*flag == 0) hand::sum(1, HERE);
}
KERNEL void barriers_forever(const sm_thread* t) {
  auto* flag = hand::buffer<volatile uint32_t>(t, 0);
  while (*flag == 0) hand::threadgroup_barrier(HERE);
}
KERNEL void hop(const sm_thread* t) { hand::buffer<uint32_t>(t, 0)[t->position_in_grid[0] % 8] = 1; }
}  // namespace

TEST("kernels that never end are stopped at the timeout, whether they spin or meet") {
  for (auto entry : {spin, meet_forever, barriers_forever}) {
    std::vector<uint32_t> flag(8);
    Dispatch dispatch = hand::dispatch(entry, {4}, {64});
    hand::bind(dispatch, 0, flag);
    Settings settings = fault_settings();
    settings.timeout = 0.05;
    auto begin = std::chrono::steady_clock::now();
    DispatchResult result = run_dispatch(dispatch, settings);
    CHECK(result.faulted);
    CHECK_EQUAL(result.reports.size(), 1u);
    CHECK_EQUAL(slug(result.reports.at(0).kind), std::string("hang"));
    CHECK_CONTAINS(result.reports.at(0).message, "0 of 4 threadgroups");
    CHECK(seconds_since(begin) < 5);
  }
}

TEST("a grid that is merely too long stops at the timeout as well") {
  std::vector<uint32_t> out(8);
  Dispatch dispatch = hand::dispatch(hop, {3000000000u}, {1});
  hand::bind(dispatch, 0, out);
  Settings settings = fault_settings();
  settings.timeout = 0.05;
  auto begin = std::chrono::steady_clock::now();
  DispatchResult result = run_dispatch(dispatch, settings);
  CHECK(result.faulted);
  CHECK_EQUAL(slug(result.reports.at(0).kind), std::string("hang"));
  CHECK(seconds_since(begin) < 5);
}

TEST("after all that the workers still work") {
  std::vector<uint32_t> out(8);
  Dispatch dispatch = hand::dispatch(hop, {8}, {1});
  hand::bind(dispatch, 0, out);
  CHECK(!run_dispatch(dispatch, fault_settings()).faulted);
  CHECK(out == std::vector<uint32_t>(8, 1));
}

namespace {
// The host's handler, there before the device is first used.
sigjmp_buf host_escape;
void host_handler(int) { siglongjmp(host_escape, 1); }
const auto host_before = signal(SIGSEGV, host_handler);
}  // namespace

TEST("a fault of another thread goes to the handler that was there before") {
  volatile int returned = 0;
  if (sigsetjmp(host_escape, 1) == 0) {
    void* page = mmap(nullptr, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    *static_cast<volatile char*>(page) = 1;
  } else {
    returned = 1;
  }
  CHECK_EQUAL(int(returned), 1);
  CHECK(host_before == SIG_DFL);
}

TEST("without a handler of the host, such a fault ends the process as ever") {
  std::fflush(stdout);
  pid_t child = fork();
  if (child == 0) {
    const rlimit no_core = {0, 0};
    setrlimit(RLIMIT_CORE, &no_core);
    __builtin_trap();
  }
  int status = 0;
  waitpid(child, &status, 0);
  CHECK(WIFSIGNALED(status) && (WTERMSIG(status) == SIGILL || WTERMSIG(status) == SIGTRAP));
}
