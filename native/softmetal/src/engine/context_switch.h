// The switch between fibers: one small assembly file per architecture.
#pragma once

namespace softmetal {

// Saves the caller's registers on its stack and its stack pointer in *save, then goes on where `to` was
// saved.
extern "C" void sm_switch(void** save, void* to);

// Lays out a fresh stack such that the first switch to the result enters `entry`, which must never return.
// `top` is a multiple of 16.
inline void* first_frame(char* top, void (*entry)()) {
  void** slot = reinterpret_cast<void**>(top);
#if defined(__x86_64__)
  constexpr int kSavedRegisters = 6;
  *--slot = nullptr;  // where a return address would be: `entry` sees a stack pointer of 8 modulo 16
  *--slot = reinterpret_cast<void*>(entry);
  for (int i = 0; i < kSavedRegisters; i++) *--slot = nullptr;
#elif defined(__aarch64__)
  constexpr int kFrameWords = 20;
  slot -= kFrameWords;
  for (int i = 0; i < kFrameWords; i++) slot[i] = nullptr;  // x29 = 0 ends a debugger's back trace
  slot[1] = reinterpret_cast<void*>(entry);
#else
#error "no context switch for this architecture"
#endif
  return slot;
}

}  // namespace softmetal
