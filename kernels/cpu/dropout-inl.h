// Dropout: Philox4x32-10 (fa/philox.h) along the lanes, which are query rows. One call decides four keys.
#pragma once
#include "band-inl.h"

namespace fa::cpu::FA_TARGET {
namespace {

/// Where Philox counts from: the sequence's row and key (a multiple of 4) at (row 0 of a panel, key 0 of a
/// block).
struct KeepSource {
  DropoutParams params;
  uint32_t sequence, head, row, key;
};

FA_ALWAYS_INLINE KeepSource keep_source(const Attention& a, int64_t b, int64_t h, int64_t row, int64_t key) {
  return KeepSource{a.dropout, static_cast<uint32_t>(b), static_cast<uint32_t>(h), static_cast<uint32_t>(row),
                    static_cast<uint32_t>(key)};
}

struct Product {
  UnsignedBits high, low;
};

/// The two halves of the 64-bit products; vectors have instructions for every second lane only.
FA_ALWAYS_INLINE Product multiply_wide(UnsignedBits a, uint32_t factor) {
#if FA_LANES == 16 && defined(__AVX512F__)
  const __m512i x = (__m512i)a, f = _mm512_set1_epi32(static_cast<int>(factor));
  const __m512i even = _mm512_mul_epu32(x, f), odd = _mm512_mul_epu32(_mm512_srli_epi64(x, 32), f);
  return Product{(UnsignedBits)_mm512_mask_shuffle_epi32(odd, 0x5555, even, _MM_PERM_DDBB),
                 (UnsignedBits)_mm512_mask_shuffle_epi32(even, 0xaaaa, odd, _MM_PERM_CCAA)};
#elif FA_LANES == 8 && defined(__AVX2__)
  const __m256i x = (__m256i)a, f = _mm256_set1_epi32(static_cast<int>(factor));
  const __m256i even = _mm256_mul_epu32(x, f), odd = _mm256_mul_epu32(_mm256_srli_epi64(x, 32), f);
  return Product{(UnsignedBits)_mm256_blend_epi32(_mm256_srli_epi64(even, 32), odd, 0xaa),
                 (UnsignedBits)_mm256_blend_epi32(even, _mm256_slli_epi64(odd, 32), 0xaa)};
#elif FA_LANES == 4 && defined(__aarch64__)
  const uint32x4_t x = (uint32x4_t)a;
  const uint32x4_t low = vreinterpretq_u32_u64(vmull_n_u32(vget_low_u32(x), factor));
  const uint32x4_t high = vreinterpretq_u32_u64(vmull_high_n_u32(x, factor));
  return Product{(UnsignedBits)vuzp2q_u32(low, high), (UnsignedBits)vuzp1q_u32(low, high)};
#else
  Product p;
  FA_FOR (i, kLanes) {
    const uint64_t wide = uint64_t{a[i]} * factor;
    p.high[i] = static_cast<uint32_t>(wide >> 32);
    p.low[i] = static_cast<uint32_t>(wide);
  }
  return p;
#endif
}

/// words[n] of a lane decides key 4 * quad + n of the lane's row.
FA_ALWAYS_INLINE void philox_lanes(const KeepSource& s, uint32_t quad, UnsignedBits row,
                                   UnsignedBits (&words)[4]) {
  uint32_t key_low = s.params.seed_low, key_high = s.params.seed_high;
  // In the first round the products are the same in all lanes.
  const uint64_t first = uint64_t{0xd2511f53u} * quad, second = uint64_t{0xcd9e8d57u} * s.head;
  UnsignedBits c0 = row ^ static_cast<uint32_t>(second >> 32) ^ key_low;
  UnsignedBits c1 = UnsignedBits{} + static_cast<uint32_t>(second);
  UnsignedBits c2 = UnsignedBits{} + (static_cast<uint32_t>(first >> 32) ^ s.sequence ^ key_high);
  UnsignedBits c3 = UnsignedBits{} + static_cast<uint32_t>(first);
  FA_FOR (round, 9) {
    key_low += 0x9e3779b9u;
    key_high += 0xbb67ae85u;
    const Product a = multiply_wide(c0, 0xd2511f53u), b = multiply_wide(c2, 0xcd9e8d57u);
    c0 = b.high ^ c1 ^ key_low;
    c1 = b.low;
    c2 = a.high ^ c3 ^ key_high;
    c3 = a.low;
  }
  words[0] = c0;
  words[1] = c1;
  words[2] = c2;
  words[3] = c3;
}

/// Philox of kLanes quads of keys of one row: words[n] of a lane decides key 4 * (quad + lane) + n.
FA_ALWAYS_INLINE void philox_quads(const KeepSource& s, uint32_t quad, UnsignedBits (&words)[4]) {
  uint32_t key_low = s.params.seed_low, key_high = s.params.seed_high;
  UnsignedBits c0 = (UnsignedBits)lane_index() + quad, c1 = UnsignedBits{} + s.row;
  UnsignedBits c2 = UnsignedBits{} + s.head, c3 = UnsignedBits{} + s.sequence;
  FA_FOR (round, 10) {
    const Product a = multiply_wide(c0, 0xd2511f53u), b = multiply_wide(c2, 0xcd9e8d57u);
    c0 = b.high ^ c1 ^ key_low;
    c1 = b.low;
    c2 = a.high ^ c3 ^ key_high;
    c3 = a.low;
    key_low += 0x9e3779b9u;
    key_high += 0xbb67ae85u;
  }
  words[0] = c0;
  words[1] = c1;
  words[2] = c2;
  words[3] = c3;
}

/// Visits every vector of pairs that the band leaves, and up to 3 keys around them: visit(key, vector,
/// factor), where the factor is 0 or 1 / (1 - rate).
template <class Visit>
FA_ALWAYS_INLINE void for_each_keep_factor(const KeepSource& s, const PanelBand& cut, Visit&& visit) {
  const Vector kept = broadcast(s.params.keep_factor);
  for (int v = 0; v < cut.vectors; ++v) {
    const UnsignedBits row = (UnsignedBits)lane_index() + (s.row + static_cast<uint32_t>(v * kLanes));
    for (int key = cut.first[v] & ~3; key < cut.last[v]; key += 4) {
      UnsignedBits words[4];
      philox_lanes(s, (s.key + static_cast<uint32_t>(key)) / 4, row, words);
      FA_FOR (n, 4) visit(key + n, v, select((Bits)(words[n] >= s.params.threshold), kept, Vector{}));
    }
  }
}

/// Multiplies the pairs of a panel x block by their factors. A hidden pair keeps its mark, and NaN stays.
FA_NOINLINE void drop_pairs(const KeepSource& s, const PanelBand& cut, float* pairs, int64_t stride) {
  for_each_keep_factor(s, cut, [&](int key, int v, Vector factor) FA_INLINE_LAMBDA {
    float* at = pairs + key * stride + v * kLanes;
    store(at, load(at) * factor);
  });
}

/// factors[key][row of the panel]; room for 3 keys more than the block has.
FA_NOINLINE void fill_keep_factors(const KeepSource& s, const PanelBand& cut, float* factors) {
  for_each_keep_factor(s, cut, [&](int key, int v, Vector factor) FA_INLINE_LAMBDA {
    store(factors + static_cast<int64_t>(key) * kPanelRows + v * kLanes, factor);
  });
}

}  // namespace
}  // namespace fa::cpu::FA_TARGET
