// Everything that one instruction set's translation unit holds. The includer defines FA_TARGET (a name) and
// FA_LANES. All of it has internal linkage, and nothing of the C++ library is used inside: a weak symbol
// compiled with AVX-512 could be the one that the linker keeps for the whole program, and crash machines
// without it (test/symbols.test.ts watches).
#pragma once
#include <cstddef>
#include <cstdint>

#include "attention.h"
#include "backward-inl.h"
#include "decode-inl.h"
#include "forward-inl.h"

#define FA_STRING_OF(name) #name
#define FA_STRING(name) FA_STRING_OF(name)

namespace fa::cpu::FA_TARGET {
namespace {

const Kernels kKernels{
    FA_STRING(FA_TARGET), kLanes,         forward,        backward,        decode,       forward_scratch,
    backward_scratch,     decode_scratch, forward_blocks, backward_blocks, decode_blocks};

}  // namespace
}  // namespace fa::cpu::FA_TARGET
