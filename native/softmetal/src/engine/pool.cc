#include "engine/pool.h"

#include <pthread.h>

#include <atomic>
#include <chrono>
#include <new>
#include <system_error>
#include <thread>

#include "engine/arithmetic.h"
#include "engine/faults.h"

namespace softmetal {
namespace {

using Clock = std::chrono::steady_clock;

std::atomic<WorkerPool*> shared_pool;

}  // namespace

WorkerPool& WorkerPool::shared() {
  // Never destroyed: threads may still wait on it while the process exits.
  static const bool watched = pthread_atfork(nullptr, nullptr, [] { shared_pool = nullptr; }) == 0;
  (void)watched;
  WorkerPool* pool = shared_pool;
  if (pool) return *pool;
  auto* fresh = new WorkerPool;
  if (shared_pool.compare_exchange_strong(pool, fresh)) return *fresh;
  delete fresh;
  return *pool;
}

void WorkerPool::grow(int count) {
  SignalsBlocked blocked;
  while (int(threads_.size()) < count) {
    try {
      std::thread thread(&WorkerPool::serve, this, int(threads_.size()));
      threads_.push_back(thread.native_handle());
      busy_.push_back(false);
      thread.detach();
    } catch (const std::system_error&) {
      return;
    }
  }
}

void WorkerPool::serve(int index) {
  pthread_setname_np(pthread_self(), "softmetal");
  use_device_arithmetic();
  std::unique_ptr<Worker> worker;
  for (;;) {
    const Task* task;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [&] { return busy_[index]; });
      task = task_;
    }
    take_part(*task, worker, index);
    std::lock_guard lock(mutex_);
    busy_[index] = false;
    if (--running_ == 0) done_.notify_all();
  }
}

// Without memory for its stacks or for what observes it, a thread leaves the task to the others.
void WorkerPool::take_part(const Task& task, std::unique_ptr<Worker>& worker, int index) {
  try {
    if (!worker) {
      auto fresh = std::make_unique<Worker>();
      prepare_signals_of_worker();
      worker = std::move(fresh);
    }
    this_worker = worker.get();
    task.work(*worker, index);
  } catch (const std::bad_alloc&) {
  }
  this_worker = nullptr;
}

void WorkerPool::wait_for_all(std::unique_lock<std::mutex>& lock, const Task& task) {
  constexpr auto kRepeat = std::chrono::milliseconds(1);
  auto finished = [&] { return running_ == 0; };
  if (task.timeout <= 0) return done_.wait(lock, finished);
  auto limit = std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(task.timeout));
  if (done_.wait_for(lock, limit, finished)) return;
  task.expire();
  while (!done_.wait_for(lock, kRepeat, finished)) {
    for (size_t i = 0; i < threads_.size(); i++) {
      if (busy_[i]) pthread_kill(threads_[i], kStopSignal);
    }
  }
}

void WorkerPool::run(const Task& task) {
  std::lock_guard turn(turn_);
  std::unique_lock lock(mutex_);
  grow(task.count);
  running_ = std::min(task.count, int(threads_.size()));
  task_ = &task;
  for (int i = 0; i < running_; i++) busy_[i] = true;
  wake_.notify_all();
  wait_for_all(lock, task);
  task_ = nullptr;
}

}  // namespace softmetal
