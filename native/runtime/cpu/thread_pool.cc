#include "cpu/thread_pool.h"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <list>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

#include "cpu/shared_tasks.h"

namespace fa {

namespace {

using Clock = std::chrono::steady_clock;

/// How long a thread looks for work before it sleeps: calls of a training step follow each other closer than
/// a wake-up takes. Longer would take the processor from the pools of TensorFlow and ONNX Runtime.
constexpr std::chrono::microseconds kSpin{20};
constexpr int kPausesBetweenLooks = 8;  // a pause takes up to 140 cycles

inline void pause() {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

template <typename Condition>
void spin_until(Condition done) {
  const Clock::time_point end = Clock::now() + kSpin;
  while (!done() && Clock::now() < end) {
    for (int i = 0; i < kPausesBetweenLooks; ++i) pause();
  }
}

}  // namespace

/// One call's tasks; lives on the caller's stack.
struct ThreadPool::Job : SharedTasks {
  using SharedTasks::SharedTasks;

  std::atomic<int> helpers{0};  ///< workers inside; changed under the pool's mutex
};

struct ThreadPool::State {
  std::mutex mutex;
  std::condition_variable work_arrived;
  std::condition_variable helper_left;
  std::list<Job*> jobs;
  std::vector<std::thread> workers;
  std::atomic<uint64_t> arrivals{0};
  std::atomic<bool> closing{false};

  void start_workers(int64_t wanted);
  void wake(int64_t wanted);
  void work();
  Job* find_job();
  void finish(Job& job);
};

/// Caller holds the mutex. Fewer workers than wanted is slower, not wrong: a refusal by the system is no
/// error.
void ThreadPool::State::start_workers(int64_t wanted) {
  while (static_cast<int64_t>(workers.size()) < wanted) {
    try {
      workers.emplace_back([this] { work(); });
    } catch (const std::system_error&) {
      return;
    }
  }
}

/// Wakes no more threads than there is work for: on large machines the others would only fight for the mutex.
void ThreadPool::State::wake(int64_t wanted) {
  for (int64_t count = 0; count < wanted; ++count) work_arrived.notify_one();
}

/// What a worker thread does all its life.
void ThreadPool::State::work() {
  std::unique_lock lock(mutex);
  for (;;) {
    Job* job = find_job();
    if (job == nullptr) {
      if (closing) return;
      const uint64_t seen = arrivals.load(std::memory_order_relaxed);
      lock.unlock();
      spin_until([&] { return arrivals.load(std::memory_order_acquire) != seen || closing; });
      lock.lock();
      work_arrived.wait(lock, [&] { return closing || arrivals.load(std::memory_order_relaxed) != seen; });
      continue;
    }
    job->helpers.fetch_add(1, std::memory_order_relaxed);
    lock.unlock();
    job->work();
    lock.lock();
    if (job->helpers.fetch_sub(1, std::memory_order_release) == 1) helper_left.notify_all();
  }
}

/// Caller holds the mutex. The job with the fewest helpers: calls that run at once share the threads.
ThreadPool::Job* ThreadPool::State::find_job() {
  Job* best = nullptr;
  for (Job* job : jobs) {
    if (!job->has_work()) continue;
    if (best == nullptr || job->helpers < best->helpers) best = job;
  }
  return best;
}

/// Returns when no worker is inside the job any more.
void ThreadPool::State::finish(Job& job) {
  {
    const std::lock_guard lock(mutex);
    jobs.remove(&job);
  }
  spin_until([&] { return job.helpers.load(std::memory_order_acquire) == 0; });
  std::unique_lock lock(mutex);
  helper_left.wait(lock, [&] { return job.helpers.load(std::memory_order_acquire) == 0; });
}

ThreadPool::ThreadPool(int threads)
    : threads_(std::max(threads, 1)), owner_(getpid()), state_(std::make_unique<State>()) {}

ThreadPool::~ThreadPool() {
  if (!has_threads()) {
    // Nothing to join, and destroying a condition that a lost thread waits on would hang.
    (void)state_.release();
    return;
  }
  {
    const std::lock_guard lock(state_->mutex);
    state_->closing = true;
  }
  state_->work_arrived.notify_all();
  for (std::thread& worker : state_->workers) worker.join();
}

bool ThreadPool::has_threads() const { return getpid() == owner_; }

void ThreadPool::run(int64_t tasks, Task task, void* context) {
  Job job{tasks, task, context};
  const int64_t helpers = std::min<int64_t>(threads_, tasks) - 1;
  if (helpers <= 0 || !has_threads()) {
    job.work();
  } else {
    {
      const std::lock_guard lock(state_->mutex);
      state_->start_workers(helpers);
      state_->jobs.push_back(&job);
      state_->arrivals.fetch_add(1, std::memory_order_release);
    }
    state_->wake(helpers);
    job.work();
    state_->finish(job);
  }
  job.rethrow_failure();
}

}  // namespace fa
