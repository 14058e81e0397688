// Where the lanes of a simdgroup and the threads of a threadgroup meet.
#pragma once

#include "engine/worker.h"

namespace softmetal {

// The kernel's side of it: see sm_api.
void api_barrier(sm_uint scope, sm_uint flags, const sm_place* place);
sm_exchange* api_exchange(const void* payload, sm_uint size, sm_uint operation, sm_combine combine,
                          const sm_place* place);

// The current thread is at its end: its lane is inactive from now on.
void retire_thread(Worker& worker);

// What went wrong at a meeting. They only record it, since nothing that owns memory may be alive on a stack
// that leave_group() abandons: that is their callers' next step.
void report_different_operations(Worker& worker, const Meeting& other, sm_operation operation,
                                 const sm_place* place);
void report_different_barriers(Worker& worker, const sm_place* place);
void report_returned_before_barrier(Worker& worker, const sm_place* place);
void report_partial_matrix(Worker& worker, uint32_t simdgroup);

}  // namespace softmetal
