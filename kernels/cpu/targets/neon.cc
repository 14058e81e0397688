// NEON build of the kernels.
#include "cpu/attention.h"

#if defined(__aarch64__)
#define FA_TARGET neon
#define FA_LANES 4
#include "cpu/kernels-inl.h"
#endif

namespace fa::cpu {

const Kernels* neon_kernels() {
#if defined(__aarch64__)
  return &neon::kKernels;
#else
  return nullptr;
#endif
}

}  // namespace fa::cpu
