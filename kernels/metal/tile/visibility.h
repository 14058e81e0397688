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
  /// Every pair is visible, and every score is its product times HeadScores::scale_log2.
  METAL_FUNC bool are_plain(int block) const {
    return !has_mask && !has_bias && !has_alibi && !has_softcap && block >= whole.begin && block < whole.end;
  }
};

/// Of rows [row, row + count), which see nothing when count is not positive.
METAL_FUNC KeyBlocks key_blocks(KeyBand band, int row, int count, int block) {
  if (count <= 0) return KeyBlocks{BlockRange{0, 0}, BlockRange{0, 0}};
  return KeyBlocks{visible_blocks(band, row, count, block), full_blocks(band, row, count, block)};
}

/// What scores of all heads are made of besides products; undefined where there is none.
struct ScoreInputs {
  const device uchar* mask;
  const device uchar* bias;
  const device float* alibi_slopes;
};

/// The scores of one head. Rows and keys are those of the whole head and must exist.
struct HeadScores {
  KeyBand band;
  float scale_log2;          ///< from a product, or the tanh that a softcap makes of it, to a score
  const device uchar* mask;  ///< of all heads; undefined without a mask
  const device uchar* bias;  ///< likewise, of the type that bias_type says
  Int64 mask_start, mask_row, bias_start, bias_row;
  float cap_scale;   ///< from a product to what tanh is taken of
  float slope_log2;  ///< of ALiBi, in units of log2
  int offset;        ///< of the diagonal, from which ALiBi counts

  METAL_FUNC void open(constant AttentionParams& p, thread const ScoreInputs& inputs,
                       thread const Sequence& sequence, int batch, int head) {
    // Read again from the parameters where it can be: kept, it would take registers.
    if (has_sequences) {
      band = sequence.band;
    } else {
      band = p.band;
    }
    scale_log2 = has_softcap ? p.cap_log2 : p.scale_log2;
    cap_scale = p.cap_scale;
    if (has_mask) {
      mask = inputs.mask;
      mask_start = batch * p.mask.batch + head * p.mask.head;
      mask_row = p.mask.row;
    }
    if (has_bias) {
      bias = inputs.bias;
      bias_start = batch * p.bias.batch + head * p.bias.head;
      bias_row = p.bias.row;
    }
    if (has_alibi) {
      slope_log2 = inputs.alibi_slopes[batch * p.alibi_batch + head] * kLog2E;
      offset = has_sequences ? sequence.offset : p.offset;
    }
  }

  METAL_FUNC bool in_band(int row, int key) const {
    return key < band.keys && key >= row + band.lo && key <= row + band.hi;
  }

  /// False for keys that do not exist, too.
  METAL_FUNC bool sees(int row, int key) const {
    if (!in_band(row, key)) return false;
    if (has_mask && mask[mask_start + row * mask_row + key] == 0) return false;
    return !has_bias || read_bias(bias, bias_start + row * bias_row + key) != -INFINITY;
  }

  /// |row + offset - key|
  METAL_FUNC float distance(int row, int key) const { return float(abs(row + offset - key)); }

  /// tanh(scale * product / c) with a softcap c; the product without.
  METAL_FUNC float capped(float product) const {
    return has_softcap ? tanh_of(product * cap_scale) : product;
  }
  /// What softcap multiplies the derivative of a score by.
  METAL_FUNC float cap_derivative(float of_capped) const {
    return has_softcap ? fma(-of_capped, of_capped, 1.0f) : 1.0f;
  }

  /// In units of log2. Minus infinity by selection where the row cannot see the key, whatever the product is.
  METAL_FUNC float score(float product, int row, int key) const {
    return score_of_capped(capped(product), row, key);
  }
  METAL_FUNC float score_of_capped(float of_capped, int row, int key) const {
    if (!in_band(row, key)) return -INFINITY;
    if (has_mask && mask[mask_start + row * mask_row + key] == 0) return -INFINITY;
    const float scaled = of_capped * scale_log2;
    if (!has_bias && !has_alibi) return scaled;
    float x = scaled;
    if (has_bias) {
      const float addend = read_bias(bias, bias_start + row * bias_row + key);
      if (addend == -INFINITY) return -INFINITY;
      x = fma(addend, kLog2E, x);
    }
    if (has_alibi) x = fma(-slope_log2, distance(row, key), x);
    // The lowest float as a bias overflows in units of log2; it must not turn into "invisible".
    return x < kLowest && scaled != -INFINITY ? kLowest : x;
  }
};

}  // namespace fa
