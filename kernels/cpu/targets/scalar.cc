// The build for any machine: vectors of four floats, which compilers turn into whatever the architecture's
// baseline has.
#include "cpu/attention.h"

#define FA_TARGET scalar
#define FA_LANES 4
#include "cpu/kernels-inl.h"

namespace fa::cpu {

const Kernels* scalar_kernels() { return &scalar::kKernels; }

}  // namespace fa::cpu
