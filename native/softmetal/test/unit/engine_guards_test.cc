// Locks and signals of the engine: what must hold at the worst moment.
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <mutex>
#include <thread>

#include "check.h"
#include "hand_kernel.h"

using namespace softmetal;

namespace {

using Clock = std::chrono::steady_clock;

std::atomic<int> inside{0}, most_inside{0}, runs{0};
std::mutex of_device;

__attribute__((noinline)) void stay_for(std::chrono::milliseconds time) {
  for (auto end = Clock::now() + time; Clock::now() < end;) {
  }
}
// Code of the device, outside the section that holds the kernels.
__attribute__((noinline)) void work_with_lock() {
  std::lock_guard lock(of_device);
  stay_for(std::chrono::milliseconds(20));
}
__attribute__((noinline)) void stay_and_count() {
  int now = ++inside, most = most_inside;
  while (now > most && !most_inside.compare_exchange_weak(most, now)) {
  }
  stay_for(std::chrono::milliseconds(5));
  --inside;
  ++runs;
}

KERNEL void count_visitors(const sm_thread*) { stay_and_count(); }

// Some milliseconds with the lock, some thousand steps of its own, and again.
KERNEL void lock_for_ever(const sm_thread* t) {
  auto* steps = hand::buffer<volatile uint32_t>(t, 0);
  for (;;) {
    work_with_lock();
    for (int i = 0; i < 20000000; i++) *steps = *steps + 1;
  }
}

}  // namespace

TEST("a dispatch that takes long has the workers to itself, and the next one runs, too") {
  Settings settings = hand::settings();
  settings.workers = 1;
  std::vector<std::thread> threads;
  for (int i = 0; i < 6; i++) {
    threads.emplace_back([&] { run_dispatch(hand::dispatch(count_visitors, {1}, {1}), settings); });
  }
  for (std::thread& thread : threads) thread.join();
  CHECK_EQUAL(runs, 6);
  CHECK_EQUAL(most_inside, 1);
}

TEST("the timeout strikes in the kernel's own code only, never where a lock may be held") {
  std::vector<uint32_t> steps(1);
  Settings settings = hand::settings();
  settings.timeout = 0.005;
  Dispatch dispatch = hand::dispatch(lock_for_ever, {1}, {1});
  hand::bind(dispatch, 0, steps);
  for (int i = 0; i < 5; i++) {
    CHECK(run_dispatch(dispatch, settings).faulted);
    bool free = of_device.try_lock();
    CHECK(free);
    if (free) of_device.unlock();
  }
}

TEST("a signal that somebody sends ends the process as ever") {
  run_dispatch(hand::dispatch(count_visitors, {1}, {1}), hand::settings());  // the handlers are in place
  for (int signal : {SIGSEGV, SIGFPE}) {
    std::fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
      const rlimit no_core = {0, 0};
      setrlimit(RLIMIT_CORE, &no_core);
      kill(getpid(), signal);
      _exit(0);
    }
    int status = 0;
    waitpid(child, &status, 0);
    CHECK(WIFSIGNALED(status) && WTERMSIG(status) == signal);
  }
}
