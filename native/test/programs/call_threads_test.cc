// A call on threads that a host lends: every task once, whatever the host does with the work; exceptions; the
// pool sleeps.
#include "cpu/call_threads.h"

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

void expect(bool truth, const char* what) {
  if (truth) return;
  std::printf("failed: %s\n", what);
  std::exit(1);
}

/// A host that runs the work on threads of its own, counts how much was asked for and may stop short of it.
struct Host {
  int64_t most;
  int64_t asked = 0;

  fa::HostThreads lend() { return {this, run}; }

  static void run(void* self, int64_t workers, void (*work)(void*), void* context) {
    Host& host = *static_cast<Host*>(self);
    host.asked += workers;
    std::vector<std::thread> threads;
    for (int64_t i = 0; i < std::min(workers, host.most); ++i) threads.emplace_back(work, context);
    for (std::thread& thread : threads) thread.join();
  }
};

struct Counts {
  std::vector<std::atomic<int>> tasks;
  std::atomic<int> inside{0}, most_inside{0};
};

void count_task(void* context, int64_t index) {
  Counts& counts = *static_cast<Counts*>(context);
  const int inside = ++counts.inside;
  int most = counts.most_inside;
  while (inside > most && !counts.most_inside.compare_exchange_weak(most, inside)) {
  }
  ++counts.tasks[static_cast<size_t>(index)];
  --counts.inside;
}

void runs_every_task_once() {
  fa::ThreadPool pool(4);
  for (const int64_t most : {0, 1, 3, 4}) {
    for (const int64_t tasks : {0, 1, 2, 3, 1000}) {
      Host host{most};
      const fa::HostThreads lent = host.lend();
      Counts counts{std::vector<std::atomic<int>>(static_cast<size_t>(tasks))};
      const fa::cpu::Executor executor = fa::CallThreads(pool, &lent).executor();
      expect(executor.threads == 4, "scratch is made for the pool's number of threads");
      fa::CallThreads(pool, &lent).run(tasks, count_task, &counts);
      for (const auto& count : counts.tasks) expect(count == 1, "each task once");
      expect(counts.most_inside <= 4, "no more threads than there is scratch for");
      expect(host.asked == (tasks > 1 ? std::min<int64_t>(tasks, 4) : 0), "as many threads as are of use");
    }
  }
}

void uses_the_pool_without_a_host() {
  fa::ThreadPool pool(2);
  Counts counts{std::vector<std::atomic<int>>(100)};
  fa::CallThreads(pool, nullptr).run(100, count_task, &counts);
  for (const auto& count : counts.tasks) expect(count == 1, "each task once, on the pool");
}

void rethrows() {
  fa::ThreadPool pool(4);
  Host host{4};
  const fa::HostThreads lent = host.lend();
  bool thrown = false;
  try {
    fa::CallThreads(pool, &lent)
        .run(
            100,
            [](void*, int64_t index) {
              if (index == 40) throw std::runtime_error("forty");
            },
            nullptr);
  } catch (const std::runtime_error& error) {
    thrown = std::string(error.what()) == "forty";
  }
  expect(thrown, "the exception of a task passes the host's threads and reaches the caller");
}

}  // namespace

int main() {
  runs_every_task_once();
  uses_the_pool_without_a_host();
  rethrows();
  std::puts("ok");
}
