#include "engine/pool.h"

#include <pthread.h>

#include <atomic>
#include <chrono>
#include <system_error>
#include <thread>

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
  prepare_signals_of_worker();
  static thread_local std::unique_ptr<Worker> worker;
  for (;;) {
    const Task* task;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [&] { return busy_[index]; });
      task = task_;
    }
    if (!worker) worker = std::make_unique<Worker>();
    this_worker = worker.get();
    task->work(*worker, index);
    this_worker = nullptr;
    std::lock_guard lock(mutex_);
    busy_[index] = false;
    if (--running_ == 0) done_.notify_all();
  }
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

int WorkerPool::run(const Task& task) {
  std::lock_guard turn(turn_);
  std::unique_lock lock(mutex_);
  grow(task.count);
  running_ = std::min(task.count, int(threads_.size()));
  const int count = running_;
  task_ = &task;
  for (int i = 0; i < count; i++) busy_[i] = true;
  wake_.notify_all();
  wait_for_all(lock, task);
  task_ = nullptr;
  return count;
}

}  // namespace softmetal
