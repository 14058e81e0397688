// What runs the tasks of one call: the host's threads where it lends them, else the device's own.
#pragma once
#include <algorithm>

#include "cpu/attention.h"
#include "cpu/shared_tasks.h"
#include "cpu/thread_pool.h"
#include "host_threads.h"

namespace fa {

class CallThreads {
 public:
  /// `lent` may be null. Both must outlive this.
  CallThreads(ThreadPool& pool, const HostThreads* lent) : pool_(pool), lent_(lent) {}

  cpu::Executor executor() {
    return {this, pool_.threads(), [](void* self, int64_t tasks, ThreadPool::Task task, void* context) {
              static_cast<CallThreads*>(self)->run(tasks, task, context);
            }};
  }

  /// As ThreadPool::run, on no more threads than the pool has.
  void run(int64_t tasks, ThreadPool::Task task, void* context) {
    if (lent_ == nullptr) return pool_.run(tasks, task, context);
    SharedTasks shared(tasks, task, context);
    const auto work = [](void* all) { static_cast<SharedTasks*>(all)->work(); };
    const int64_t workers = std::min<int64_t>(pool_.threads(), tasks);
    if (workers > 1) lent_->run(lent_->self, workers, work, &shared);
    shared.work();
    shared.rethrow_failure();
  }

 private:
  ThreadPool& pool_;
  const HostThreads* lent_;
};

}  // namespace fa
