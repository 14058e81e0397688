// Which pairs of a head may meet, and what a product q . k becomes as a score.
#pragma once
#include "constants.h"
#include "fa/params.h"
#include "numbers.h"

namespace fa {
using namespace metal;

/// Without the type bfloat, which not every device has.
METAL_FUNC float read_bias(const device uchar* bias, Int64 index) {
  if (bias_type == kBiasBfloat16)
    return as_type<float>(uint(reinterpret_cast<const device ushort*>(bias)[index]) << 16);
  if (bias_type == kBiasFloat16) return float(reinterpret_cast<const device half*>(bias)[index]);
  return reinterpret_cast<const device float*>(bias)[index];
}

/// Key blocks as some query rows see them.
struct KeyBlocks {
  BlockRange seen;   ///< by some row
  BlockRange whole;  ///< every key by every row, as far as position goes

  METAL_FUNC bool see(int block) const { return block >= seen.begin && block < seen.end; }
  /// Every pair is visible, and no score has anything added.
  METAL_FUNC bool are_plain(int block) const {
    return !has_mask && !has_bias && block >= whole.begin && block < whole.end;
  }
};

/// Of rows [row, row + count), which see nothing when count is not positive.
METAL_FUNC KeyBlocks key_blocks(KeyBand band, int row, int count, int block) {
  if (count <= 0) return KeyBlocks{BlockRange{0, 0}, BlockRange{0, 0}};
  return KeyBlocks{visible_blocks(band, row, count, block), full_blocks(band, row, count, block)};
}

/// The scores of one head. Rows and keys are those of the whole head and must exist.
struct HeadScores {
  KeyBand band;
  float scale_log2;
  const device uchar* mask;  ///< of this head; undefined without a mask
  const device uchar* bias;  ///< likewise, of the type that bias_type says
  Int64 mask_start, mask_row, bias_start, bias_row;

  METAL_FUNC void open(constant AttentionParams& p, int batch, int head) {
    band = p.band;
    scale_log2 = p.scale_log2;
    mask_start = batch * p.mask.batch + head * p.mask.head;
    mask_row = p.mask.row;
    bias_start = batch * p.bias.batch + head * p.bias.head;
    bias_row = p.bias.row;
  }

  /// False for keys that do not exist, too.
  METAL_FUNC bool sees(int row, int key) const {
    if (key >= band.keys || key < row + band.lo || key > row + band.hi) return false;
    if (has_mask && mask[mask_start + row * mask_row + key] == 0) return false;
    return !has_bias || read_bias(bias, bias_start + row * bias_row + key) != -INFINITY;
  }

  /// In units of log2. Minus infinity by selection where the row cannot see the key, whatever the product is.
  METAL_FUNC float score(float product, int row, int key) const {
    if (key >= band.keys || key < row + band.lo || key > row + band.hi) return -INFINITY;
    if (has_mask && mask[mask_start + row * mask_row + key] == 0) return -INFINITY;
    const float x = product * scale_log2;
    if (!has_bias) return x;
    const float addend = read_bias(bias, bias_start + row * bias_row + key);
    if (addend == -INFINITY) return -INFINITY;
    // The lowest float as a bias overflows in units of log2; it must not turn into "invisible".
    const float sum = fma(addend, kLog2E, x);
    return sum < kLowest ? kLowest : sum;
  }
};

}  // namespace fa
