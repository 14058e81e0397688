// Philox4x32-10, the counter-based generator of Salmon et al., "Parallel random numbers: as easy as 1, 2, 3"
// (2011): which pairs dropout keeps is a function of the seed and the pair's place, so that every backend,
// tiling and direction agrees. Compiled as MSL and as C++.
#pragma once
#include "portable.h"

namespace fa {

/// Dropout, as kernels need it.
struct DropoutParams {
  UInt32 seed_low, seed_high;
  UInt32 threshold;   ///< a pair is kept iff its word >= threshold = floor(rate * 2^32)
  float keep_factor;  ///< 1 / (1 - rate)
};

/// Four random words, those of keys 4n to 4n + 3 of a row.
struct PhiloxWords {
  UInt32 word[4];
};

FA_INLINE UInt32 multiply_high(UInt32 a, UInt32 b) {
#if defined(__METAL_VERSION__)
  return metal::mulhi(a, b);
#else
  return UInt32(uint64_t{a} * b >> 32);
#endif
}

/// Words of keys [4 * quad, 4 * quad + 4) of query row `row` of head `head` (of all query heads) of sequence
/// `batch`.
FA_INLINE PhiloxWords philox_words(UInt32 seed_low, UInt32 seed_high, UInt32 quad, UInt32 row, UInt32 head,
                                   UInt32 batch) {
  UInt32 c0 = quad, c1 = row, c2 = head, c3 = batch;
  for (int round = 0; round < 10; ++round) {
    const UInt32 high0 = multiply_high(0xd2511f53u, c0), low0 = 0xd2511f53u * c0;
    const UInt32 high1 = multiply_high(0xcd9e8d57u, c2), low1 = 0xcd9e8d57u * c2;
    c0 = high1 ^ c1 ^ seed_low;
    c1 = low1;
    c2 = high0 ^ c3 ^ seed_high;
    c3 = low0;
    seed_low += 0x9e3779b9u;
    seed_high += 0xbb67ae85u;
  }
  return PhiloxWords{{c0, c1, c2, c3}};
}

}  // namespace fa
