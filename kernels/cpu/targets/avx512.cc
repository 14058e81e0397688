// AVX-512 build of the kernels.
#include "cpu/attention.h"

#if defined(__AVX512F__)
#define FA_TARGET avx512
#define FA_LANES 16
#include "cpu/kernels-inl.h"
#endif

namespace fa::cpu {

const Kernels* avx512_kernels() {
#if defined(__AVX512F__)
  return &avx512::kKernels;
#else
  return nullptr;
#endif
}

}  // namespace fa::cpu
