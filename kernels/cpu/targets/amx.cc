// AMX build of the kernels: products of bfloat16 in tile registers, the rest in AVX-512.
#include "cpu/attention.h"

#if defined(__AMX_BF16__) && defined(__AVX512BF16__)
#define FA_TARGET amx
#define FA_LANES 16
#define FA_PANEL_VECTORS 2  // 32 rows are the depth of a brick
#include "cpu/amx_kernels-inl.h"
#endif

namespace fa::cpu {

const Kernels* amx_kernels() {
#if defined(__AMX_BF16__) && defined(__AVX512BF16__)
  static const Kernels kernels = amx::brick_kernels();
  return &kernels;
#else
  return nullptr;
#endif
}

}  // namespace fa::cpu
