// Threads that share the tasks of a call. Several calls may run at once; each caller works on its own tasks
// too.
#pragma once
#include <sys/types.h>

#include <cstdint>
#include <memory>

namespace fa {

class ThreadPool {
 public:
  using Task = void (*)(void* context, int64_t index);

  /// `threads` counts the calling one; workers start with the first call that can use them.
  explicit ThreadPool(int threads);
  ~ThreadPool();
  ThreadPool(const ThreadPool&) = delete;
  ThreadPool& operator=(const ThreadPool&) = delete;

  int threads() const { return threads_; }

  /// Runs every task once, in any order, and returns when all are done. The first exception of a task is
  /// rethrown here; tasks that had not begun by then are skipped.
  void run(int64_t tasks, Task task, void* context);

 private:
  struct Job;
  struct State;

  /// False in a forked child, where none of the threads exist.
  bool has_threads() const;

  const int threads_;
  const pid_t owner_;
  std::unique_ptr<State> state_;
};

}  // namespace fa
