// Faults that a test plants, to see whether a client copes: SOFTMETAL_FAULT="compile:2,delay:20" or
// softmetal_inject().
#pragma once

#include <cstdint>
#include <string>

namespace softmetal {

enum class InjectedFault {
  kCompile,
  kPipeline,
  kAllocate,
  kCommitLost,
  kCommitTimeout,
  kCommitMemory,
  kDelay
};

// Strikes at the n-th event from now and the `times` - 1 after it (0 = all). For "delay", n is milliseconds
// and every commit is delayed. False, with the reason, for an unknown fault or n = 0.
bool inject_fault(const std::string& name, uint64_t n, uint64_t times, std::string& reason);
void clear_faults();

// Counts one event of this kind; true when it is to fail. A lost device stays lost until clear_faults().
bool fault_strikes(InjectedFault fault);
uint64_t delay_milliseconds();

}  // namespace softmetal
