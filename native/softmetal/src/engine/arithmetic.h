// How the threads that run kernels compute: the same on every architecture, whatever the host's threads do.
#pragma once

#include <cstdint>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace softmetal {

// Round to nearest, keep subnormal numbers, no traps. New threads inherit the state of the thread that makes
// them, and some hosts (TensorFlow's) flush subnormals to zero there.
// On arm64 a result that is NaN is the default one, not one with the bits of its operand: clang rounds
// results to bfloat without asking whether they are NaN, and all bits set, as in unwritten memory, would
// become 0.
inline void use_device_arithmetic() {
#if defined(__x86_64__)
  constexpr unsigned kExceptionsMasked = 0x1f80;
  _mm_setcsr(kExceptionsMasked);
#elif defined(__aarch64__)
  constexpr uint64_t kDefaultNan = uint64_t{1} << 25;
  asm volatile("msr fpcr, %0" : : "r"(kDefaultNan));
#endif
}

}  // namespace softmetal
