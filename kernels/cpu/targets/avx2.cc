// AVX2 build of the kernels.
#include "cpu/attention.h"

#if defined(__AVX2__)
#define FA_TARGET avx2
#define FA_LANES 8
#include "cpu/kernels-inl.h"
#endif

namespace fa::cpu {

const Kernels* avx2_kernels() {
#if defined(__AVX2__)
  return &avx2::kKernels;
#else
  return nullptr;
#endif
}

}  // namespace fa::cpu
