// Signals that a kernel causes, and the one that ends a kernel which does not end itself.
#pragma once

#include <csignal>

#include "engine/worker.h"

namespace softmetal {

// Default action: ignored. So a stray one does no harm.
constexpr int kStopSignal = SIGURG;

// Once per process. Handlers that were there before get every signal that is not a fiber's.
void install_fault_handlers();
// What the calling thread, a new worker, needs: an alternate stack, and no signals but those. Throws
// std::bad_alloc.
void prepare_signals_of_worker();
// Signals a new thread must not get between its start and prepare_signals_of_worker().
class SignalsBlocked {
 public:
  SignalsBlocked();
  ~SignalsBlocked();

 private:
  sigset_t before_;
};

// Turns worker.fault into a report.
void report_fault(Worker& worker);

}  // namespace softmetal
