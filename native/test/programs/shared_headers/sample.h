// The headers that MSL and C++ share, on one sample: compiled as both, the results must be the same.
#pragma once
#include "fa/key_band.h"
#include "fa/philox.h"

#if defined(__METAL_VERSION__)
#define SAMPLE_MEMORY device
#else
#define SAMPLE_MEMORY
#endif

namespace sample {

FA_CONSTANT int kBandInputs = 10;
FA_CONSTANT int kBandResults = 12;
FA_CONSTANT int kPhiloxInputs = 6;
FA_CONSTANT int kPhiloxResults = 4;

FA_INLINE fa::Int64 reach(int side) { return side < 0 ? fa::kFar : fa::Int64(side); }

/// offset, bottomRight, causal, left, right, queries, keys; then a first row, rows and a block: the band,
/// what these rows see, and the band as the keys see it.
FA_INLINE void fold_and_cut(const SAMPLE_MEMORY int* in, SAMPLE_MEMORY int* result) {
  const fa::BandRule rule = fa::BandRule{in[0], in[1], in[2], reach(in[3]), reach(in[4])};
  const fa::KeyBand band = fa::fold_band(rule, in[5], in[6]);
  const fa::BlockRange some = fa::visible_blocks(band, in[7], in[8], in[9]);
  const fa::BlockRange full = fa::full_blocks(band, in[7], in[8], in[9]);
  const fa::BlockRange rows = fa::visible_rows(band, in[7], in[8], in[5]);
  const fa::KeyBand turned = fa::transposed(band, in[5]);
  result[0] = band.lo;
  result[1] = band.hi;
  result[2] = band.keys;
  result[3] = some.begin;
  result[4] = some.end;
  result[5] = full.begin;
  result[6] = full.end;
  result[7] = rows.begin;
  result[8] = rows.end;
  result[9] = turned.lo;
  result[10] = turned.hi;
  result[11] = turned.keys;
}

/// Low and high word of the seed, then the counter: quad, row, head, batch.
FA_INLINE void random_words(const SAMPLE_MEMORY int* in, SAMPLE_MEMORY int* result) {
  const fa::PhiloxWords words = fa::philox_words(fa::UInt32(in[0]), fa::UInt32(in[1]), fa::UInt32(in[2]),
                                                 fa::UInt32(in[3]), fa::UInt32(in[4]), fa::UInt32(in[5]));
  for (int n = 0; n < 4; ++n) result[n] = int(words.word[n]);
}

}  // namespace sample
