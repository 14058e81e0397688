// Threads that share the tasks of a call. Several calls may run at once; each caller works on its own tasks
// too.
#pragma once
#include <sys/types.h>

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <list>
#include <mutex>
#include <thread>
#include <vector>

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

  void start_workers(int64_t tasks);
  void worker();
  Job* find_job();
  void finish(Job& job);

  const int threads_;
  const pid_t owner_;  ///< threads do not survive fork()
  std::mutex mutex_;
  std::condition_variable work_arrived_;
  std::condition_variable helper_left_;
  std::list<Job*> jobs_;
  std::vector<std::thread> workers_;
  std::atomic<uint64_t> arrivals_{0};
  std::atomic<bool> closing_{false};
};

}  // namespace fa
