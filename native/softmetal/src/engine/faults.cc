#include "engine/faults.h"

#include <pthread.h>
#include <sys/mman.h>
#include <ucontext.h>

#include <new>

namespace softmetal {
namespace {

constexpr int kFaults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP};
struct sigaction previous[NSIG];

const void* program_counter(const void* context) {
  const mcontext_t& machine = static_cast<const ucontext_t*>(context)->uc_mcontext;
#if defined(__x86_64__)
  return reinterpret_cast<const void*>(machine.gregs[REG_RIP]);
#else
  return reinterpret_cast<const void*>(machine.pc);
#endif
}

// A handler of the host or its default.
void pass_on(int signal, siginfo_t* info, void* context) {
  const struct sigaction& before = previous[signal];
  if (before.sa_flags & SA_SIGINFO) {
    before.sa_sigaction(signal, info, context);
  } else if (before.sa_handler != SIG_DFL && before.sa_handler != SIG_IGN) {
    before.sa_handler(signal);
  } else if (signal != kStopSignal) {
    // The instruction runs again once the handler returns, and now it ends the process as it would have.
    sigaction(signal, &before, nullptr);
    if (info->si_code <= 0) raise(signal);  // sent by somebody: no instruction will repeat it
  }
}

// Leaves the alternate stack for the worker's own: the same as going on after the fiber had stopped.
void on_fault(int signal, siginfo_t* info, void* context) {
  Worker* worker = this_worker;
  bool of_fiber = worker && worker->current && !worker->observing.load(std::memory_order_relaxed);
  if (!of_fiber || info->si_code <= 0) return pass_on(signal, info, context);
  worker->fault = {signal, info->si_code, static_cast<const char*>(info->si_addr)};
  leave_group(*worker);
}

// Only a kernel's own code is interrupted for good: other code may hold locks. The sender repeats the signal
// until it hits.
void on_stop(int signal, siginfo_t* info, void* context) {
  Worker* worker = this_worker;
  if (!worker) return pass_on(signal, info, context);
  if (!worker->current || !worker->job->stopped.load(std::memory_order_relaxed)) return;
  const LoadedKernel& kernel = *worker->job->dispatch.kernel;
  const void* at = program_counter(context);
  if (at < kernel.image_begin || at >= kernel.image_end) return;
  worker->fault = {signal, 0, nullptr};
  leave_group(*worker);
}

void install(int signal, void (*handler)(int, siginfo_t*, void*)) {
  struct sigaction action = {};
  action.sa_sigaction = handler;
  // NODEFER: the handler may leave for good, and the mask is to stay as it was.
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER | SA_RESTART;
  sigaction(signal, &action, &previous[signal]);
}

}  // namespace

void install_fault_handlers() {
  static const bool once = [] {
    for (int signal : kFaults) install(signal, on_fault);
    install(kStopSignal, on_stop);
    return true;
  }();
  (void)once;
}

SignalsBlocked::SignalsBlocked() {
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before_);
}

SignalsBlocked::~SignalsBlocked() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

void prepare_signals_of_worker() {
  constexpr size_t kBytes = 64 << 10;  // a worker's lasts as long as the process
  stack_t stack = {};
  stack.ss_sp = ::operator new(kBytes);
  stack.ss_size = kBytes;
  sigaltstack(&stack, nullptr);
  sigset_t mask;
  sigfillset(&mask);
  for (int signal : kFaults) sigdelset(&mask, signal);
  sigdelset(&mask, kStopSignal);
  pthread_sigmask(SIG_SETMASK, &mask, nullptr);
}

}  // namespace softmetal
