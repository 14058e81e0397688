#include "cpu/thread_pool.h"

#include <unistd.h>

#include <algorithm>
#include <exception>
#include <system_error>

namespace fa {

namespace {

/// About 20 microseconds: calls of a training step follow each other closer than a wake-up takes.
constexpr int kSpins = 2000;

inline void pause() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

template <typename Condition>
void spin_until(Condition done) {
  for (int spin = 0; spin < kSpins && !done(); ++spin) pause();
}

}  // namespace

struct ThreadPool::Job {
  int64_t tasks;
  Task task;
  void* context;
  std::atomic<int64_t> next{0};
  std::atomic<int> helpers{0};  ///< workers inside; changed under the pool's mutex
  std::mutex failure_mutex{};
  std::exception_ptr failure{};

  bool has_work() const { return next.load(std::memory_order_relaxed) < tasks; }

  void work() {
    for (;;) {
      const int64_t index = next.fetch_add(1, std::memory_order_relaxed);
      if (index >= tasks) return;
      try {
        task(context, index);
      } catch (...) {
        const std::lock_guard lock(failure_mutex);
        if (!failure) failure = std::current_exception();
        next.store(tasks, std::memory_order_relaxed);
      }
    }
  }
};

ThreadPool::ThreadPool(int threads) : threads_(std::max(threads, 1)), owner_(getpid()) {}

ThreadPool::~ThreadPool() {
  if (getpid() != owner_) {
    // In a forked child the threads do not exist: there is nothing to join, and nothing that may be
    // destroyed.
    for (std::thread& worker : workers_) worker.detach();
    return;
  }
  {
    const std::lock_guard lock(mutex_);
    closing_ = true;
  }
  work_arrived_.notify_all();
  for (std::thread& worker : workers_) worker.join();
}

void ThreadPool::run(int64_t tasks, Task task, void* context) {
  Job job{tasks, task, context};
  if (threads_ == 1 || tasks <= 1 || getpid() != owner_) {
    job.work();
  } else {
    {
      const std::lock_guard lock(mutex_);
      start_workers(tasks);
      jobs_.push_back(&job);
      arrivals_.fetch_add(1, std::memory_order_release);
    }
    work_arrived_.notify_all();
    job.work();
    finish(job);
  }
  if (job.failure) std::rethrow_exception(job.failure);
}

/// Caller holds the mutex. Fewer workers than wanted is slower, not wrong, so a refusal by the system is no
/// error.
void ThreadPool::start_workers(int64_t tasks) {
  const int64_t wanted = std::min<int64_t>(threads_, tasks) - 1;
  while (static_cast<int64_t>(workers_.size()) < wanted) {
    try {
      workers_.emplace_back([this] { worker(); });
    } catch (const std::system_error&) {
      return;
    }
  }
}

void ThreadPool::worker() {
  std::unique_lock lock(mutex_);
  for (;;) {
    Job* job = find_job();
    if (job == nullptr) {
      if (closing_) return;
      const uint64_t seen = arrivals_.load(std::memory_order_relaxed);
      lock.unlock();
      spin_until([&] { return arrivals_.load(std::memory_order_acquire) != seen || closing_; });
      lock.lock();
      work_arrived_.wait(lock, [&] { return closing_ || arrivals_.load(std::memory_order_relaxed) != seen; });
      continue;
    }
    job->helpers.fetch_add(1, std::memory_order_relaxed);
    lock.unlock();
    job->work();
    lock.lock();
    if (job->helpers.fetch_sub(1, std::memory_order_release) == 1) helper_left_.notify_all();
  }
}

/// Caller holds the mutex.
ThreadPool::Job* ThreadPool::find_job() {
  // The job with the fewest helpers: calls that run at once share the threads.
  Job* best = nullptr;
  for (Job* job : jobs_) {
    if (!job->has_work()) continue;
    if (best == nullptr || job->helpers < best->helpers) best = job;
  }
  return best;
}

/// Returns when no worker is inside the job any more.
void ThreadPool::finish(Job& job) {
  {
    const std::lock_guard lock(mutex_);
    jobs_.remove(&job);
  }
  spin_until([&] { return job.helpers.load(std::memory_order_acquire) == 0; });
  std::unique_lock lock(mutex_);
  helper_left_.wait(lock, [&] { return job.helpers.load(std::memory_order_acquire) == 0; });
}

}  // namespace fa
