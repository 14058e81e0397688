// What happens when the host's system has nothing left: a call answers nil or a command buffer fails, and the
// process lives.
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>

#include "client.h"

using namespace client;

namespace {

constexpr char kAdd[] =
    "kernel void add(device int* x [[buffer(0)]], uint i [[thread_position_in_grid]]) { x[i] += 1; }";

// In a process of its own: limits hold for the rest of its life. 0: `job` said yes.
int in_child(const std::function<bool()>& job) {
  std::fflush(stdout);
  pid_t child = fork();
  if (child == 0) {
    bool good = false;
    try {
      good = job();
    } catch (...) {
      _exit(2);
    }
    _exit(good ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  return status;
}

// An emulator needs what it shares with the process.
bool is_emulated() { return std::getenv("SOFTMETAL_RUNNER") != nullptr; }

uint64_t address_space_in_use() {
  uint64_t pages = 0;
  FILE* file = std::fopen("/proc/self/statm", "r");
  if (!file || std::fscanf(file, "%lu", &pages) != 1) return 0;
  std::fclose(file);
  return pages * static_cast<uint64_t>(sysconf(_SC_PAGESIZE));
}

bool limit_address_space(uint64_t more) {
  rlimit limit = {address_space_in_use() + more, RLIM_INFINITY};
  return setrlimit(RLIMIT_AS, &limit) == 0;
}

// As many as the system gives a process, but for some twenty.
void use_up_mappings() {
  constexpr size_t kPages = 200000;
  const size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  auto* all = static_cast<char*>(
      mmap(nullptr, kPages * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
  for (size_t i = 0; i < kPages; i += 2) {
    if (mprotect(all + i * page, page, PROT_READ) != 0) break;
  }
  mprotect(all, 40 * page, PROT_NONE);
}

}  // namespace

TEST("without address space for a thread's stacks the command buffer fails; with it the next one runs") {
  if (is_emulated()) SKIP("the limit would hold for the emulator");
  CHECK_EQUAL(in_child([] {
                Setting guard("guard_mb", "1");
                Gpu gpu;
                Owned add = gpu.kernel(kAdd, "add"), x = gpu.buffer(4096);
                Pool pool;
                send<void>(gpu.command_buffer(), "commit");  // starts the queue's thread
                constexpr uint64_t kForThreads = 40 << 20;   // not the 128 MiB that stacks need
                if (!limit_address_space(kForThreads)) return false;
                if (gpu.run(add, {bind(0, x)}, {4, 1, 1}, {64, 1, 1})) return false;
                if (gpu.error.find("no thread or no memory left") == std::string::npos) return false;
                rlimit none = {RLIM_INFINITY, RLIM_INFINITY};
                setrlimit(RLIMIT_AS, &none);
                return gpu.run(add, {bind(0, x)}, {4, 1, 1}, {64, 1, 1});
              }),
              0);
}

TEST("a queue without a thread gives no command buffers") {
  if (is_emulated()) SKIP("the emulator needs the threads");
  CHECK_EQUAL(in_child([] {
                Gpu gpu;
                pthread_attr_t attributes;
                pthread_attr_init(&attributes);
                pthread_attr_setstacksize(&attributes, size_t{1} << 46);  // that no system gives a thread
                pthread_setattr_default_np(&attributes);
                Pool pool;
                return gpu.command_buffer() == nil &&
                       take_reports().find("no thread left") != std::string::npos;
              }),
              0);
}

TEST("without mappings a dispatch runs or fails, and the process lives") {
  if (is_emulated()) SKIP("the emulator needs the mappings");
  CHECK_EQUAL(in_child([] {
                Gpu gpu;
                Owned add = gpu.kernel(kAdd, "add"), x = gpu.buffer(4096);
                Pool pool;
                gpu.finish(gpu.command_buffer());
                use_up_mappings();
                return gpu.run(add, {bind(0, x)}, {4, 1, 1}, {64, 1, 1}) || !gpu.error.empty();
              }),
              0);
}
