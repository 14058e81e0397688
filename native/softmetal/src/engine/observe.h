// Passes events on to the checks and the counter. While an observer runs, signals leave its stack alone.
#pragma once

#include "engine/worker.h"

namespace softmetal {

class Observing {
 public:
  explicit Observing(Worker& worker) : worker_(worker) { set(true); }
  ~Observing() { set(false); }

 private:
  // Only a signal handler on the same thread looks: no fence of the processor is needed.
  void set(bool value) {
    std::atomic_signal_fence(std::memory_order_seq_cst);
    worker_.observing.store(value, std::memory_order_relaxed);
    std::atomic_signal_fence(std::memory_order_seq_cst);
  }
  Worker& worker_;
};

template <class Call>
void tell_observers(Worker& worker, const Call& call) {
  Observing observing(worker);
  if (worker.count) call(*worker.count);
  if (worker.check) call(*worker.check);
}

inline void observe_collective(Worker& worker, uint32_t simdgroup, uint32_t active) {
  const Meeting& meeting = worker.simdgroups[simdgroup].meeting;
  tell_observers(worker, [&](Observer& observer) {
    if (meeting.operation == SM_SIMDGROUP_BARRIER) {
      observer.simdgroup_barrier(simdgroup, meeting.flags);
    } else {
      observer.collective(simdgroup, meeting.operation, active, meeting.place);
    }
  });
}

inline void observe_threadgroup_barrier(Worker& worker) {
  tell_observers(worker, [&](Observer& observer) { observer.threadgroup_barrier(worker.barrier.flags); });
}

}  // namespace softmetal
