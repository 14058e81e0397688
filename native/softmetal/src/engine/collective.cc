#include "engine/collective.h"

#include <cstring>

#include "engine/observe.h"
#include "engine/scheduler.h"

namespace softmetal {
namespace {

#define SM_INLINE inline __attribute__((always_inline))

// Everybody who takes part has arrived.
SM_INLINE void complete(Worker& worker, uint32_t index) {
  Simdgroup& simdgroup = worker.simdgroups[index];
  sm_exchange* table = &simdgroup.table[simdgroup.phase];
  const uint32_t active = simdgroup.arrived;
  table->active = active;
  if (simdgroup.meeting.operation >= SM_MATRIX_F32 && active != kAllLanes) {
    report_partial_matrix(worker, index);
    leave_group(worker);
  }
  if (simdgroup.combine) simdgroup.combine(table);
  if (worker.check || worker.count) observe_collective(worker, index, active);
  simdgroup.arrived = 0;
  simdgroup.phase ^= 1;
  make_ready(worker, index, active);
}

SM_INLINE bool same_call(const Meeting& meeting, const sm_place* place, const void* caller) {
  return meeting.caller == caller && meeting.place.line == place->line &&
         meeting.place.column == place->column;
}

SM_INLINE void copy_payload(sm_slot& slot, const void* payload, sm_uint size) {
  if (size == 4) {
    std::memcpy(slot.bytes, payload, 4);  // a constant size is one instruction
  } else {
    std::memcpy(slot.bytes, payload, size);
  }
}

SM_INLINE bool last_one_yields(const Worker& worker) {
  return worker.schedule == Schedule::kRandom || worker.schedule == Schedule::kLockstep;
}

struct Call {
  sm_operation operation;
  sm_combine combine;
  const sm_place* place;
  const void* caller;
  uint32_t flags;
};

SM_INLINE sm_exchange* meet_simdgroup(Worker& worker, const void* payload, sm_uint size, const Call& call) {
  Fiber* me = worker.current;
  Simdgroup& simdgroup = worker.simdgroups[me->thread.simdgroup];
  if (!simdgroup.arrived) {
    simdgroup.meeting = {*call.place, call.caller, call.operation, call.flags};
    simdgroup.combine = call.combine;
  } else if (simdgroup.meeting.operation != call.operation ||
             !same_call(simdgroup.meeting, call.place, call.caller)) {
    report_different_operations(worker, simdgroup.meeting, call.operation, call.place);
    leave_group(worker);
  }
  sm_exchange* table = &simdgroup.table[simdgroup.phase];
  copy_payload(table->lane[me->thread.lane], payload, size);
  me->place = call.place;
  simdgroup.meeting.flags &= call.flags;
  simdgroup.arrived |= 1u << me->thread.lane;
  make_waiting(worker, me->thread);
  if (simdgroup.arrived == simdgroup.live) {
    complete(worker, me->thread.simdgroup);
    if (!last_one_yields(worker)) return table;
  }
  run_another(worker);
  return table;
}

void release_threadgroup(Worker& worker) {
  if (worker.check || worker.count) observe_threadgroup_barrier(worker);
  worker.at_barrier = 0;
  for (int i = 0; i < worker.simdgroup_count; i++) make_ready(worker, i, worker.simdgroups[i].live);
}

SM_INLINE void meet_threadgroup(Worker& worker, const Call& call) {
  Fiber* me = worker.current;
  if (worker.live_threads < worker.thread_count) {
    report_returned_before_barrier(worker, call.place);
    leave_group(worker);
  }
  if (!worker.at_barrier) {
    worker.barrier = {*call.place, call.caller, call.operation, call.flags};
  } else if (!same_call(worker.barrier, call.place, call.caller)) {
    report_different_barriers(worker, call.place);
    leave_group(worker);
  }
  me->place = call.place;
  worker.barrier.flags &= call.flags;
  make_waiting(worker, me->thread);
  if (++worker.at_barrier == worker.thread_count) {
    release_threadgroup(worker);
    if (!last_one_yields(worker)) return;
  }
  run_another(worker);
}

}  // namespace

sm_exchange* api_exchange(const void* payload, sm_uint size, sm_uint operation, sm_combine combine,
                          const sm_place* place) {
  // Hardware loads and stores a matrix in all lanes at once, and kernels in the wild count on that; nothing
  // promises it, so random schedules do without.
  if (operation == SM_MATRIX_MEMORY && this_worker->schedule == Schedule::kRandom) return nullptr;
  return meet_simdgroup(*this_worker, payload, size,
                        {sm_operation(operation), combine, place, __builtin_return_address(0), 0});
}

void api_barrier(sm_uint scope, sm_uint flags, const sm_place* place) {
  Call call = {SM_SIMDGROUP_BARRIER, nullptr, place, __builtin_return_address(0), flags};
  if (scope == SM_SCOPE_SIMDGROUP) {
    meet_simdgroup(*this_worker, place, 0, call);
  } else {
    meet_threadgroup(*this_worker, call);
  }
}

void retire_thread(Worker& worker) {
  const sm_thread& thread = worker.current->thread;
  Simdgroup& simdgroup = worker.simdgroups[thread.simdgroup];
  make_waiting(worker, thread);
  simdgroup.live &= ~(1u << thread.lane);
  worker.live_threads--;
  if (worker.at_barrier) {
    report_returned_before_barrier(worker, &worker.barrier.place);
    leave_group(worker);
  }
  if (simdgroup.arrived && simdgroup.arrived == simdgroup.live) complete(worker, thread.simdgroup);
}

}  // namespace softmetal
