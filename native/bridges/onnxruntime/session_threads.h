// Runs calls on the threads of the session that they belong to.
#pragma once
#include "call.h"
#include "values.h"

namespace fa::ort {

/// Computes a call of one node. Its tasks run on the session's own threads, which wait for work by spinning
/// and would otherwise take cores from ours, so that intraOpNumThreads counts here, too. FA_METAL_THREADS,
/// where it is above 0, asks for threads of our own instead. @throws Error
void run_on_session(const KernelValues& values, ForwardCall call);
void run_on_session(const KernelValues& values, BackwardCall call);

}  // namespace fa::ort
