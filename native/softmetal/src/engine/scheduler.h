// Goes from one fiber to another. Inline: this and the collectives are where a simulated GPU spends its time.
#pragma once

#include "engine/context_switch.h"
#include "engine/worker.h"

namespace softmetal {

// Record why no thread can go on; leave_group() comes next.
void report_nobody_runnable(Worker& worker);
void report_no_stack(Worker& worker);
// The first code of a fresh stack: runs threads until one is left waiting elsewhere.
void run_fibers();

// A fiber's simdgroup stays on as long as it has a ready lane, except under the random schedule.
// Null: nobody is ready.
inline Fiber* choose_fiber(Worker& worker) {
  if (!worker.runnable) return nullptr;
  const sm_thread& now = worker.current->thread;
  uint32_t simdgroup = now.simdgroup;
  int after = now.lane;
  if (worker.schedule == Schedule::kRandom || !(worker.runnable >> simdgroup & 1)) {
    simdgroup = choose_bit(worker.runnable, simdgroup, worker.schedule, worker.random);
    if (simdgroup != now.simdgroup) after = SM_LANES - 1;
  }
  int lane = choose_bit(worker.simdgroups[simdgroup].ready, after, worker.schedule, worker.random);
  return &worker.fibers[simdgroup * SM_LANES + lane];
}

inline void give_stack(Worker& worker, Fiber& fiber) {
  fiber.stack = worker.stacks.take();
  if (fiber.stack < 0) {
    report_no_stack(worker);
    leave_group(worker);
  }
  fiber.stack_pointer = first_frame(worker.stacks.top(fiber.stack), run_fibers);
}

// Leaves the current fiber, which may still be ready, for another. Returns when it is its turn again.
inline void run_another(Worker& worker) {
  Fiber* me = worker.current;
  Fiber* next = choose_fiber(worker);
  if (!next) {
    report_nobody_runnable(worker);
    leave_group(worker);
  }
  if (next == me) return;
  worker.current = next;
  if (!next->stack_pointer) give_stack(worker, *next);
  sm_switch(&me->stack_pointer, next->stack_pointer);
}

inline void make_ready(Worker& worker, uint32_t simdgroup, uint32_t lanes) {
  worker.simdgroups[simdgroup].ready |= lanes;
  worker.runnable |= 1u << simdgroup;
}

inline void make_waiting(Worker& worker, const sm_thread& thread) {
  Simdgroup& simdgroup = worker.simdgroups[thread.simdgroup];
  simdgroup.ready &= ~(1u << thread.lane);
  if (!simdgroup.ready) worker.runnable &= ~(1u << thread.simdgroup);
}

}  // namespace softmetal
