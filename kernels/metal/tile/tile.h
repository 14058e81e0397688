// The shape of a kernel's work: what kernels/variants/metal.json says about a variant.
#pragma once
#include "fa/portable.h"

namespace fa {

/// Where a simdgroup keeps the operand rows that are its own.
FA_CONSTANT int kOwnInRegisters = 0;
FA_CONSTANT int kOwnInThreadgroup = 1;
FA_CONSTANT int kOwnInDevice =
    2;  ///< read again for every block: the rows of one simdgroup stay in the cache

/// What dkv computes in one dispatch.
FA_CONSTANT int kPassDv = 1;
FA_CONSTANT int kPassDk = 2;

template <int rows, int block, int simdgroups, int own, int pass>
struct Tile {
  static_assert(rows % 8 == 0 && block % 8 == 0, "the matrix unit works on 8 by 8 elements");
  static constant constexpr int kRows = rows;  ///< own rows of a simdgroup
  static constant constexpr int kRowFragments = rows / 8;
  static constant constexpr int kBlock = block;  ///< rows of the traversed operand per step
  static constant constexpr int kBlockFragments = block / 8;
  static constant constexpr int kSimdgroups = simdgroups;
  static constant constexpr int kGroupRows = rows * simdgroups;
  static constant constexpr int kThreads = 32 * simdgroups;
  static constant constexpr int kOwn = own;
  static constant constexpr int kPass = pass;
};

}  // namespace fa
