// Sets up a threadgroup and runs it.
#include <algorithm>
#include <cstring>
#include <new>

#include "engine/collective.h"
#include "engine/faults.h"
#include "engine/memory.h"
#include "engine/observe.h"
#include "engine/scheduler.h"

namespace softmetal {

thread_local Worker* this_worker = nullptr;

Worker::Worker()
    : stacks(sizeof(Tables)),
      tables(*new (stacks.tables()) Tables),
      fibers(tables.fibers),
      simdgroups(tables.simdgroups),
      group(tables.group) {}

Worker::~Worker() { free_guarded(zone_); }

// The memory ends where the inaccessible zone begins, so that an index past its end faults.
bool Worker::use_threadgroup_memory(uint32_t bytes, size_t guard_bytes) {
  constexpr uint32_t kGranule = 64 << 10;  // whole pages, however large they are
  if (!zone_ || bytes > zone_bytes_ || guard_bytes != zone_guard_) {
    free_guarded(zone_);
    zone_bytes_ = round_up(bytes + 1, kGranule);
    zone_guard_ = guard_bytes;
    zone_ = static_cast<char*>(allocate_guarded(zone_bytes_, zone_guard_));
    if (!zone_) return false;
  }
  threadgroup_memory = zone_ + zone_bytes_ - round_up(bytes, kThreadgroupAlignment);
  return true;
}

void leave_group(Worker& worker) {
  worker.abandoned = true;
  void* unused;
  sm_switch(&unused, worker.main_stack_pointer);
  __builtin_unreachable();
}

void run_fibers() {
  Worker& worker = *this_worker;
  for (;;) {
    worker.entry(&worker.current->thread);
    retire_thread(worker);
    Fiber* me = worker.current;
    Fiber* next = choose_fiber(worker);
    if (!next) break;
    worker.current = next;
    if (next->stack_pointer) {
      worker.stacks.release(me->stack);
      sm_switch(&me->stack_pointer, next->stack_pointer);
    }
    next->stack = me->stack;  // a thread that has not started goes on right here, on a stack that is warm
  }
  if (worker.live_threads) {
    report_nobody_runnable(worker);
    leave_group(worker);
  }
  void* unused;
  sm_switch(&unused, worker.main_stack_pointer);
}

namespace {

void set_up_group(Worker& worker, uint64_t index) {
  const Dispatch& dispatch = worker.job->dispatch;
  const uint64_t* groups = worker.job->groups;
  sm_group& group = worker.group;
  const uint64_t position[3] = {index % groups[0], index / groups[0] % groups[1],
                                index / groups[0] / groups[1]};
  worker.thread_count = 1;
  for (int i = 0; i < 3; i++) {
    uint64_t first = position[i] * dispatch.threads_per_threadgroup[i];
    group.threadgroup_position[i] = uint32_t(position[i]);
    group.threads_per_threadgroup[i] = uint32_t(
        std::min<uint64_t>(dispatch.threads_per_threadgroup[i], dispatch.threads_per_grid[i] - first));
    worker.thread_count *= group.threads_per_threadgroup[i];
  }
  worker.simdgroup_count = (worker.thread_count + SM_LANES - 1) / SM_LANES;
  group.simdgroups_per_threadgroup = worker.simdgroup_count;
}

void set_up_simdgroups(Worker& worker) {
  worker.runnable = 0;
  for (int i = 0; i < worker.simdgroup_count; i++) {
    const int lanes = std::min<int>(SM_LANES, worker.thread_count - i * SM_LANES);
    Simdgroup& simdgroup = worker.simdgroups[i];
    simdgroup.live = lanes == SM_LANES ? kAllLanes : (1u << lanes) - 1;
    simdgroup.ready = simdgroup.arrived = simdgroup.phase = 0;
    make_ready(worker, i, simdgroup.live);
  }
  worker.live_threads = worker.thread_count;
  worker.at_barrier = 0;
}

void set_up_threads(Worker& worker) {
  const sm_group& group = worker.group;
  const uint32_t* size = group.threads_per_threadgroup;
  uint32_t origin[3], at[3] = {0, 0, 0};
  for (int i = 0; i < 3; i++) {
    origin[i] = group.threadgroup_position[i] * group.dispatch_threads_per_threadgroup[i];
  }
  for (int index = 0; index < worker.thread_count; index++) {
    Fiber& fiber = worker.fibers[index];
    fiber.stack_pointer = nullptr;
    sm_thread& thread = fiber.thread;
    thread.group = &group;
    for (int i = 0; i < 3; i++) {
      thread.position_in_threadgroup[i] = at[i];
      thread.position_in_grid[i] = origin[i] + at[i];
    }
    thread.index_in_threadgroup = index;
    thread.simdgroup = index / SM_LANES;
    thread.lane = index % SM_LANES;
    if (++at[0] < size[0]) continue;
    at[0] = 0;
    if (++at[1] < size[1]) continue;
    at[1] = 0;
    at[2]++;
  }
}

void run_first_fiber(Worker& worker) {
  Fiber none{};
  none.thread.simdgroup = worker.schedule == Schedule::kLockstep ? SM_LANES - 1 : 0;
  none.thread.lane = SM_LANES - 1;
  worker.current = &none;
  if (worker.schedule == Schedule::kReverse) none.thread.simdgroup = worker.simdgroup_count - 1;
  Fiber* first = choose_fiber(worker);
  worker.current = first;
  first->stack = worker.stacks.take();
  if (first->stack < 0) {  // no fiber runs that could be left
    report_no_stack(worker);
    worker.abandoned = true;
    return;
  }
  first->stack_pointer = first_frame(worker.stacks.top(first->stack), run_fibers);
  sm_switch(&worker.main_stack_pointer, first->stack_pointer);
}

}  // namespace

bool begin_job(Worker& worker, Job& job, Observer* check, Observer* count) {
  const Dispatch& dispatch = job.dispatch;
  const MemoryLayout& layout = job.layout;
  worker.job = &job;
  worker.check = check;
  worker.count = count;
  worker.entry = dispatch.kernel->table->entry;
  worker.schedule = job.settings.schedule;
  if (!worker.use_threadgroup_memory(layout.used, job.settings.guard_bytes)) return false;

  sm_group& group = worker.group;
  group = {};
  uint32_t threads = 1;
  for (int i = 0; i < 3; i++) {
    group.threadgroups_per_grid[i] = uint32_t(job.groups[i]);
    group.dispatch_threads_per_threadgroup[i] = dispatch.threads_per_threadgroup[i];
    group.threads_per_grid[i] = dispatch.threads_per_grid[i];
    threads *= dispatch.threads_per_threadgroup[i];
  }
  group.dispatch_simdgroups_per_threadgroup = (threads + SM_LANES - 1) / SM_LANES;
  for (int i = 0; i < SM_BUFFERS; i++) {
    group.buffer[i] = dispatch.buffers[i].address;
    if (dispatch.threadgroup_lengths[i])
      group.threadgroup[i] = worker.threadgroup_memory + layout.argument_offset[i];
  }
  worker.static_memory = worker.threadgroup_memory + layout.static_offset;
  worker.memory.base = worker.threadgroup_memory;
  worker.memory.used = layout.used;
  worker.memory.static_offset = layout.static_offset;
  worker.memory.static_bytes = layout.static_bytes;
  std::copy_n(layout.argument_offset, SM_BUFFERS, worker.memory.argument_offset);
  return true;
}

void run_group(Worker& worker, uint64_t index) {
  set_up_group(worker, index);
  set_up_simdgroups(worker);
  set_up_threads(worker);
  worker.stacks.release_all();
  worker.random = Random(Random(worker.job->settings.seed).next() + index);
  worker.last_block = worker.last_site = Worker::kNone;
  worker.abandoned = false;
  worker.fault = {};
  std::memset(worker.threadgroup_memory, kPoison, worker.memory.used);
  tell_observers(worker, [&](Observer& observer) {
    observer.begin_group(worker.group, worker.thread_count, worker.memory);
  });
  run_first_fiber(worker);
  if (worker.fault.signal) report_fault(worker);
  worker.current = nullptr;
  tell_observers(worker, [&](Observer& observer) { observer.end_group(); });
}

}  // namespace softmetal
