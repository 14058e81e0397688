#include "../attention.h"

namespace fa::cpu {

const Kernels* avx2_kernels() { return nullptr; }

}  // namespace fa::cpu
