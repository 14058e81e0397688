// What one operating-system thread needs to run threadgroups, one at a time.
#pragma once

#include <atomic>
#include <csignal>
#include <string>

#include "engine/job.h"
#include "engine/observer.h"
#include "engine/schedule.h"
#include "engine/stacks.h"

namespace softmetal {

constexpr uint32_t kAllLanes = ~0u;

// One GPU thread.
struct Fiber {
  void* stack_pointer;    // null: not started yet, or running since then
  const sm_place* place;  // where it waits; lives on its stack
  int stack;
  sm_thread thread;
};

// The collective that lanes of a simdgroup, or threads of a threadgroup, are gathering at.
struct Meeting {
  sm_place place;
  const void* caller;  // tells two inlined copies of one call apart
  sm_operation operation;
  uint32_t flags;
};

struct Simdgroup {
  // A live lane is ready, or has arrived at `meeting`, or waits at the threadgroup's barrier.
  uint32_t live;     // lanes that have not returned
  uint32_t ready;    // lanes that can run
  uint32_t arrived;  // lanes that wait for the others of the simdgroup
  uint32_t phase;    // which table the next collective uses
  Meeting meeting;
  sm_combine combine;
  // Two, since a lane may fill the next while another still reads the last one.
  sm_exchange table[2];
};

// What kernels read of the device's own; see Stacks.
struct Tables {
  Simdgroup simdgroups[kMaxThreads / SM_LANES];
  Fiber fibers[kMaxThreads];
  sm_group group;
};

// A stop that did not come from a collective.
struct Fault {
  int signal = 0;  // 0: none
  int code = 0;
  const char* address = nullptr;
};

struct Worker {
  Worker();  // throws std::bad_alloc
  ~Worker();
  Worker(const Worker&) = delete;
  Worker& operator=(const Worker&) = delete;

  void* main_stack_pointer = nullptr;  // of run_group(), while fibers run
  Fiber* current = nullptr;            // null outside of kernels
  // Set while an observer runs: it may hold locks, so no signal may take it from its stack.
  std::atomic<bool> observing{false};
  void (*entry)(const sm_thread*) = nullptr;
  Schedule schedule = Schedule::kInOrder;
  Random random;

  uint32_t runnable = 0;  // bit per simdgroup with a ready lane
  int thread_count = 0, simdgroup_count = 0;
  int live_threads = 0;
  int at_barrier = 0;
  Meeting barrier;

  Job* job = nullptr;
  Observer *check = nullptr, *count = nullptr;
  char* static_memory = nullptr;
  // Instrumented builds: where the kernel was; the site of an access only if it was in that block.
  uint32_t last_block = kNone, last_site = kNone;
  static constexpr uint32_t kNone = ~0u;
  bool abandoned = false;  // this threadgroup ended early
  Fault fault;

  Stacks stacks;
  Tables& tables;
  Fiber* const fibers;
  Simdgroup* const simdgroups;
  sm_group& group;
  char* threadgroup_memory = nullptr;  // begin of what this job uses
  GroupMemory memory;

  bool in_threadgroup_memory(const void* address) const {
    return static_cast<const char*>(address) - threadgroup_memory < ptrdiff_t(memory.used) &&
           address >= threadgroup_memory;
  }
  bool use_threadgroup_memory(uint32_t bytes, size_t guard_bytes);

 private:
  char* zone_ = nullptr;
  size_t zone_bytes_ = 0, zone_guard_ = 0;
};

// The worker that this operating-system thread is; null on other threads. Fibers never change threads.
extern thread_local Worker* this_worker __attribute__((tls_model("initial-exec")));

// Gives `worker` its part of a job: memory, observers, schedule. False when there is no memory.
bool begin_job(Worker& worker, Job& job, Observer* check, Observer* count);
// Runs one threadgroup to its end, or until it is abandoned.
void run_group(Worker& worker, uint64_t group);
// Abandons the current threadgroup: goes back to run_group().
[[noreturn]] void leave_group(Worker& worker);

}  // namespace softmetal
