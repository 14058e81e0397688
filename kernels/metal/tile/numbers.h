// Constants and functions of the softmax in units of log2.
#pragma once
#include "fa/portable.h"

namespace fa {
using namespace metal;

FA_CONSTANT float kLog2E = 1.44269504089f;
/// ln 2 in two parts, so that lse loses nothing on its way from log2 units.
FA_CONSTANT float kLn2High = 0.693147182f;
FA_CONSTANT float kLn2Low = -1.90465421e-9f;
/// Where a running maximum starts. Finite: a row that has seen nothing must not compute -inf - -inf.
FA_CONSTANT float kLowest = -3.40282347e+38f;

/// The one exponential that the GPU has in hardware.
METAL_FUNC float exp2_of(float x) { return fast::exp2(x); }

/// Within a few units in the last place, also near 0 and far out, where the fast one cancels and overflows.
METAL_FUNC float tanh_of(float x) { return precise::tanh(x); }

/// Natural logarithm of sum * 2^exponent; minus infinity for sum 0. A bias of the lowest float for every key
/// of a row, some masks' way of hiding it, leaves that float.
METAL_FUNC float log_of(float exponent, float sum) {
  if (sum == 0) return -INFINITY;
  if (exponent == kLowest && sum > 0) return kLowest;
  return fma(exponent, kLn2High, fma(exponent, kLn2Low, precise::log(sum)));
}

METAL_FUNC bool is_finite(float x) { return (as_type<uint>(x) & 0x7f800000u) != 0x7f800000u; }

/// Marks a hidden pair among weights of the matrix unit. No visible pair has this weight: P is never
/// negative, and dS is stored by visible_weight.
template <typename T>
METAL_FUNC T hidden_weight() {
  return T(-0.0f);
}
template <typename T>
METAL_FUNC T visible_weight(float x) {
  return T(x) + T(0);
}
METAL_FUNC bool is_hidden(float weight) { return as_type<uint>(weight) == 0x80000000u; }

}  // namespace fa
