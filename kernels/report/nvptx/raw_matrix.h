// Products of 8x8 matrices for an NVIDIA compiler, in place of softmetal's header of this name. The result is
// wrong on purpose: what counts is how many registers the operands take, one for two halves, two for two
// floats.
#pragma once
#include "../vector.h"
#include "raw_exchange.h"

namespace sm {

struct tile_place {
  uint row, column;
};
constexpr tile_place place_in_tile(uint lane) {
  uint quad = lane / 4;
  return {(quad & 4) + lane / 2 % 4, (quad & 2) * 2 + lane % 2 * 2};
}
inline tile_place place_in_tile() { return place_in_tile(lane()); }

template <class T>
struct operand {
  static constexpr int kWords = 2 * sizeof(T) / 4;
  uint words[kWords];
};

SM_COLLECTIVE void multiply(uint a, uint b, uint (&c)[2]) {
  asm volatile("mma.sync.aligned.m8n8k16.row.col.s32.s8.s8.s32 {%0, %1}, {%2}, {%3}, {%0, %1};"
               : "+r"(c[0]), "+r"(c[1])
               : "r"(a), "r"(b));
}

template <class D, class A, class B, class C>
SM_COLLECTIVE vec<D, 2> multiply_accumulate(const vec<A, 2>& a, const vec<B, 2>& b, const vec<C, 2>& c,
                                            const here&) {
  operand<A> left = __builtin_bit_cast(operand<A>, a);
  operand<B> right = __builtin_bit_cast(operand<B>, b);
  const float start[2] = {float(c[0]), float(c[1])};
  uint sum[2];
  __builtin_memcpy(sum, start, sizeof sum);
  multiply(left.words[0], right.words[0], sum);
  if constexpr (operand<A>::kWords == 2 || operand<B>::kWords == 2)
    multiply(left.words[operand<A>::kWords - 1], right.words[operand<B>::kWords - 1], sum);
  float result[2];
  __builtin_memcpy(result, sum, sizeof result);
  return from_array<D, 2>({D(result[0]), D(result[1])});
}

}  // namespace sm
