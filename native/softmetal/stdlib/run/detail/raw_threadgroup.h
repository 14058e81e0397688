// Threadgroup variables. Each is a static array in the section sm_threadgroup of the kernel's library, so
// that the linker lays out those that this kernel really has; the array itself is never touched, only its
// place in the section counts.
#pragma once

#include "detail/raw_api.h"

#pragma GCC visibility push(hidden)
extern "C" {
extern const unsigned char sm_threadgroup_begin[] __asm__("__start_sm_threadgroup");
extern const unsigned char sm_threadgroup_end[] __asm__("__stop_sm_threadgroup");
extern const sm_variable sm_variables_begin[] __asm__("__start_sm_variables");
extern const sm_variable sm_variables_end[] __asm__("__stop_sm_variables");
}
#pragma GCC visibility pop

namespace sm {

template <class T>
[[gnu::always_inline]] inline T& threadgroup_variable(const unsigned char* image) {
  return *reinterpret_cast<T*>(static_cast<unsigned char*>(api.static_memory()) +
                               (image - sm_threadgroup_begin));
}

}  // namespace sm
