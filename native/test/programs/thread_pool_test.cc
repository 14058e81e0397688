// The pool alone: every task once, exceptions, several callers, a forked child, a clean end.
#include "cpu/thread_pool.h"

#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <memory>
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

using Counts = std::vector<std::atomic<int>>;

void count_task(void* context, int64_t index) { ++(*static_cast<Counts*>(context))[index]; }

bool each_once(fa::ThreadPool& pool, int64_t tasks) {
  Counts counts(tasks);
  pool.run(tasks, count_task, &counts);
  for (const auto& count : counts) {
    if (count != 1) return false;
  }
  return true;
}

void runs_every_task_once() {
  for (const int threads : {1, 2, 5, 64}) {
    fa::ThreadPool pool(threads);
    for (const int64_t tasks : {0, 1, 2, 7, 1000}) expect(each_once(pool, tasks), "each task once");
  }
}

void rethrows() {
  fa::ThreadPool pool(4);
  for (int round = 0; round < 50; ++round) {
    bool thrown = false;
    try {
      pool.run(
          100,
          [](void*, int64_t index) {
            if (index == 40) throw std::runtime_error("forty");
          },
          nullptr);
    } catch (const std::runtime_error& error) {
      thrown = std::string(error.what()) == "forty";
    }
    expect(thrown, "the exception of a task reaches the caller");
    expect(each_once(pool, 50), "the pool works on after an exception");
  }
}

void skips_what_follows_a_failure() {
  fa::ThreadPool pool(1);
  int begun = 0;
  try {
    pool.run(
        100,
        [](void* context, int64_t index) {
          ++*static_cast<int*>(context);
          if (index == 40) throw std::runtime_error("forty");
        },
        &begun);
  } catch (const std::runtime_error&) {
  }
  expect(begun == 41, "tasks that had not begun are skipped");
}

void serves_several_callers() {
  fa::ThreadPool pool(4);
  std::atomic<bool> good{true};
  std::vector<std::thread> callers;
  for (int caller = 0; caller < 6; ++caller) {
    callers.emplace_back([&] {
      for (int round = 0; round < 200; ++round) good = good && each_once(pool, 1 + round % 40);
    });
  }
  for (std::thread& caller : callers) caller.join();
  expect(good, "several callers at once");
}

void survives_fork() {
  auto pool = std::make_unique<fa::ThreadPool>(4);
  expect(each_once(*pool, 100), "before fork");
  const pid_t child = fork();
  if (child == 0) {
    alarm(20);  // ends a child that hangs
    const bool good = each_once(*pool, 100);
    pool.reset();
    _exit(good ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  expect(WIFEXITED(status) && WEXITSTATUS(status) == 0, "a forked child runs by itself");
}

void ends_at_once() {
  for (int round = 0; round < 200; ++round) {
    fa::ThreadPool pool(3);
    if (round % 2 == 0) each_once(pool, 3);
  }
}

}  // namespace

int main() {
  runs_every_task_once();
  rethrows();
  skips_what_follows_a_failure();
  serves_several_callers();
  survives_fork();
  ends_at_once();
  std::printf("ok\n");
}
