#include "../attention.h"

namespace fa::cpu {

const Kernels* avx512_kernels() { return nullptr; }

}  // namespace fa::cpu
