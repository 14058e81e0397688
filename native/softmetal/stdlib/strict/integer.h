// metal_integer, and what metal_common has for integers.
#pragma once
#include "overloads.h"

namespace metal {

#define SM_BITS(T, name) T name(T, uint, uint);
#define SM_INSERT(T, name) T name(T, T, uint, uint);
SM_INTEGERS(SM_UNARY, abs)
SM_INTEGERS(SM_UNARY, clz)
SM_INTEGERS(SM_UNARY, ctz)
SM_INTEGERS(SM_UNARY, popcount)
SM_INTEGERS(SM_UNARY, reverse_bits)
SM_INTEGERS(SM_BINARY, absdiff)
SM_INTEGERS(SM_BINARY, addsat)
SM_INTEGERS(SM_BINARY, hadd)
SM_INTEGERS(SM_BINARY, max)
SM_INTEGERS(SM_BINARY, min)
SM_INTEGERS(SM_BINARY, mulhi)
SM_INTEGERS(SM_BINARY, mul24)
SM_INTEGERS(SM_BINARY, rhadd)
SM_INTEGERS(SM_BINARY, rotate)
SM_INTEGERS(SM_BINARY, subsat)
SM_INTEGERS(SM_TERNARY, clamp)
SM_INTEGERS(SM_TERNARY, mad24)
SM_INTEGERS(SM_TERNARY, madhi)
SM_INTEGERS(SM_TERNARY, madsat)
SM_INTEGERS(SM_TERNARY, max3)
SM_INTEGERS(SM_TERNARY, min3)
SM_INTEGERS(SM_TERNARY, median3)
SM_INTEGERS(SM_BITS, extract_bits)
SM_INTEGERS(SM_INSERT, insert_bits)
#undef SM_BITS
#undef SM_INSERT

}  // namespace metal
