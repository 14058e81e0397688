#include "../attention.h"

namespace fa::cpu {

const Kernels* neon_kernels() { return nullptr; }

}  // namespace fa::cpu
