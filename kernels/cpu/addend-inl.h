// Mask and bias of one panel against one key block, brought into the panel's layout.
#pragma once
#include "score-inl.h"

namespace fa::cpu::FA_TARGET {
namespace {

/// What mask, bias and band leave of a panel x block; `everything` means that there is nothing to add either.
enum class Visibility { nothing, some, everything };

struct AddendSource {
  const uint8_t* mask;  ///< at (row 0 of the panel, key 0 of the block); null = all visible
  int64_t mask_stride;
  const char* bias;     ///< null = 0
  int64_t bias_stride;  ///< elements
  Element bias_element;
};

FA_ALWAYS_INLINE AddendSource addend_source(const Attention& a, int64_t b, int64_t h, int64_t row,
                                            int64_t key) {
  AddendSource s{nullptr, a.mask.row, nullptr, a.bias.row, a.bias_element};
  if (a.mask.data)
    s.mask = static_cast<const uint8_t*>(a.mask.data) + b * a.mask.batch + h * a.mask.head +
             row * a.mask.row + key;
  if (a.bias.data)
    s.bias = static_cast<const char*>(a.bias.data) +
             (b * a.bias.batch + h * a.bias.head + row * a.bias.row + key) * size_of(a.bias_element);
  return s;
}

FA_ALWAYS_INLINE Vector bias_vector(Element element, const char* p) {
  if (element == Element::float32) return load_as<Element::float32>(p);
  if (element == Element::float16) return load_as<Element::float16>(p);
  return load_as<Element::bfloat16>(p);
}

/// kLanes keys of one row: the bias where visible, else minus infinity.
FA_ALWAYS_INLINE Vector addend_vector(const AddendSource& s, int64_t row, int key, int first, int last) {
  Vector x{};
  if (s.bias) x = bias_vector(s.bias_element, s.bias + (row * s.bias_stride + key) * size_of(s.bias_element));
  const Bits k = lane_index() + key;
  Bits visible = (k >= first) & (k < last);
  if (s.mask) {
    Bytes keep;
    __builtin_memcpy(&keep, s.mask + row * s.mask_stride + key, sizeof(keep));
    visible &= __builtin_convertvector(keep, Bits) != 0;
  }
  return select(visible, x, broadcast(-kInfinity));
}

/// The same for a group of keys that the block cuts short: the tensors are not read past `keys`.
FA_NOINLINE Vector addend_vector_at_end(const AddendSource& s, int64_t row, int key, int first, int last,
                                        int keys) {
  char bias[kLanes * 4] = {};
  uint8_t mask[kLanes] = {};
  AddendSource copy{s.mask ? mask : nullptr, 0, s.bias ? bias : nullptr, 0, s.bias_element};
  const auto count = static_cast<size_t>(keys - key);
  const int64_t size = size_of(s.bias_element);
  if (s.mask) __builtin_memcpy(mask, s.mask + row * s.mask_stride + key, count);
  if (s.bias)
    __builtin_memcpy(bias, s.bias + (row * s.bias_stride + key) * size, count * static_cast<size_t>(size));
  return addend_vector(copy, 0, 0, first - key, last - key);
}

/// addend[key][row] for the panel's rows, keys rounded up to whole tiles; minus infinity = invisible.
FA_NOINLINE Visibility fill_addend(const AddendSource& s, const PanelBand& cut, int rows, float* addend) {
  Bits seen{}, hidden{};
  const int end = static_cast<int>(round_up(cut.keys, kLanes > kTileRows ? kLanes : kTileRows));
  for (int r = 0; r < cut.vectors * kLanes; r += kLanes) {
    for (int key = 0; key < end; key += kLanes) {
      Vector a[kLanes];
      for (int i = 0; i < kLanes; ++i) {
        const int row = smaller(r + i, rows - 1);  // lanes past the last row repeat it; nobody reads them
        const int first = row + cut.lo, last = smaller(row + cut.hi + 1, cut.keys);
        a[i] = key + kLanes <= cut.keys ? addend_vector(s, row, key, first, last)
               : key < cut.keys         ? addend_vector_at_end(s, row, key, first, last, cut.keys)
                                        : broadcast(-kInfinity);
        const Bits invisible = a[i] == broadcast(-kInfinity);
        seen |= ~invisible;
        hidden |= invisible & ((lane_index() + key) < cut.keys);
      }
      transpose(a);
      FA_FOR (i, kLanes) store(addend + (key + i) * kPanelRows + r, a[i]);
    }
  }
  if (!any(seen)) return Visibility::nothing;
  return s.bias || any(hidden) ? Visibility::some : Visibility::everything;
}

}  // namespace
}  // namespace fa::cpu::FA_TARGET
