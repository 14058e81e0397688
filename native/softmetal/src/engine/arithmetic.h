// How the threads that run kernels compute: the same on every architecture, whatever the host's threads do.
#pragma once

#include <cstdint>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace softmetal {

// Round to nearest, keep subnormal numbers, no traps. New threads inherit the state of the thread that makes
// them, and some hosts (TensorFlow's) flush subnormals to zero there.
// On arm64 the result of an operation is never a NaN with the bits of its operand: there, clang rounds such a
// result to bfloat without asking whether it is a NaN, and one with all bits set, which is what unwritten memory
// holds, would become 0.
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
