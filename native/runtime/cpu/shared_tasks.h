// The tasks of one call, taken one by one by all threads that work on them.
#pragma once
#include <atomic>
#include <cstdint>
#include <exception>
#include <mutex>

namespace fa {

class SharedTasks {
 public:
  using Task = void (*)(void* context, int64_t index);

  SharedTasks(int64_t tasks, Task task, void* context) : tasks_(tasks), task_(task), context_(context) {}

  bool has_work() const { return next_.load(std::memory_order_relaxed) < tasks_; }

  /// Runs tasks until none is left to begin. After a task has thrown, no other one begins.
  void work() noexcept {
    for (;;) {
      const int64_t index = next_.fetch_add(1, std::memory_order_relaxed);
      if (index >= tasks_) return;
      try {
        task_(context_, index);
      } catch (...) {
        const std::lock_guard lock(failure_mutex_);
        if (!failure_) failure_ = std::current_exception();
        next_.store(tasks_, std::memory_order_relaxed);
      }
    }
  }

  /// Throws what the first task that failed threw. For when no thread is at work any more.
  void rethrow_failure() const {
    if (failure_) std::rethrow_exception(failure_);
  }

 private:
  const int64_t tasks_;
  const Task task_;
  void* const context_;
  std::atomic<int64_t> next_{0};
  std::mutex failure_mutex_{};
  std::exception_ptr failure_{};
};

}  // namespace fa
