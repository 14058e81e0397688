// Mask, bias and ALiBi of one panel against one key block, brought into the panel's layout.
#pragma once
#include "score-inl.h"

namespace fa::cpu::FA_TARGET {
namespace {

/// What mask, bias and band leave of a panel x block; `everything` means that there is nothing to add either.
/// ALiBi adds something everywhere.
enum class Visibility { nothing, some, everything };

struct AddendSource {
  const uint8_t* mask;  ///< at (row 0 of the panel, key 0 of the block); null = all visible
  int64_t mask_stride;
  const char* bias;     ///< null = 0
  int64_t bias_stride;  ///< elements
  Element bias_element;
  bool has_slope;
  float slope;   ///< of ALiBi
  int diagonal;  ///< ALiBi's distance is |row + diagonal - key|
};

FA_ALWAYS_INLINE AddendSource addend_source(const Attention& a, int64_t b, int64_t h, int64_t row,
                                            int64_t key) {
  AddendSource s{nullptr, a.mask.row, nullptr, a.bias.row, a.bias_element, false, 0, 0};
  if (a.mask.data)
    s.mask = static_cast<const uint8_t*>(a.mask.data) + b * a.mask.batch + h * a.mask.head +
             row * a.mask.row + key;
  if (a.bias.data)
    s.bias = static_cast<const char*>(a.bias.data) +
             (b * a.bias.batch + h * a.bias.head + row * a.bias.row + key) * size_of(a.bias_element);
  if (a.alibi_slopes) {
    s.has_slope = true;
    s.slope = a.alibi_slopes[b * a.alibi_batch + h];
    s.diagonal = clamp(row + a.sequences[b].offset - key, -kUnbounded, kUnbounded);
  }
  return s;
}

FA_ALWAYS_INLINE Vector bias_vector(Element element, const char* p) {
  if (element == Element::float32) return load_as<Element::float32>(p);
  if (element == Element::float16) return load_as<Element::float16>(p);
  return load_as<Element::bfloat16>(p);
}

/// Which parts of a source a tile may have; the others are not looked at.
struct AddendParts {
  bool mask, bias, band;
};

/// kLanes keys of one row: the bias where visible, else minus infinity. The band shows keys [first, last).
template <AddendParts kParts>
FA_ALWAYS_INLINE Vector addend_vector(const AddendSource& s, int64_t row, int key, int first, int last) {
  Vector x{};
  if (kParts.bias && s.bias)
    x = bias_vector(s.bias_element, s.bias + (row * s.bias_stride + key) * size_of(s.bias_element));
  if (kParts.mask && s.mask) {
    Bytes keep;
    __builtin_memcpy(&keep, s.mask + row * s.mask_stride + key, sizeof(keep));
    x = select(widen(keep) != 0, x, broadcast(-kInfinity));
  }
  if constexpr (kParts.band) {
    const Bits k = lane_index() + key;
    x = select((k >= first) & (k < last), x, broadcast(-kInfinity));
  }
  return x;
}

/// The same for a group of keys that the block cuts short: the tensors are not read past `keys`.
FA_NOINLINE Vector addend_vector_at_end(const AddendSource& s, int64_t row, int key, int first, int last,
                                        int keys) {
  char bias[kLanes * 4] = {};
  uint8_t mask[kLanes];
  for (uint8_t& keep : mask) keep = 1;
  AddendSource copy{mask, 0, bias, 0, s.bias_element, false, 0, 0};
  const auto count = static_cast<size_t>(keys - key);
  const int64_t size = size_of(s.bias_element);
  if (s.mask) __builtin_memcpy(mask, s.mask + row * s.mask_stride + key, count);
  if (s.bias)
    __builtin_memcpy(bias, s.bias + (row * s.bias_stride + key) * size, count * static_cast<size_t>(size));
  return addend_vector<AddendParts{true, true, true}>(copy, 0, 0, first - key, last - key);
}

/// Sees whether anything, or everything, of an addend is finite, in two instructions per vector.
struct AddendWatch {
  Bits any{}, least = broadcast_bits(-1);

  FA_ALWAYS_INLINE void look(Vector addend, Bits exists) {
    const Bits difference = (Bits)addend ^ (Bits)broadcast(-kInfinity);  // 0 where invisible
    const auto x = (UnsignedBits)(difference | ~exists), y = (UnsignedBits)least;
    any |= difference;
    least = (Bits)(x < y ? x : y);
  }
  FA_ALWAYS_INLINE Visibility result(bool has_bias) const {
    if (!fa::cpu::FA_TARGET::any(any != Bits{})) return Visibility::nothing;
    const bool hidden = fa::cpu::FA_TARGET::any(least == Bits{});
    return has_bias || hidden ? Visibility::some : Visibility::everything;
  }
};

/// kLanes rows x kLanes keys that all exist, transposed.
template <AddendParts kParts>
FA_NOINLINE void fill_addend_tile(const AddendSource& s, const PanelBand& cut, int row, int key,
                                  AddendWatch& watch, float* addend) {
  Vector a[kLanes];
  AddendWatch watched = watch;
  FA_FOR (i, kLanes) {
    a[i] = addend_vector<kParts>(s, row + i, key, row + i + cut.lo, row + i + cut.hi + 1);
    watched.look(a[i], broadcast_bits(-1));
  }
  watch = watched;
  transpose(a);
  FA_FOR (i, kLanes) store(addend + (key + i) * kPanelRows + row, a[i]);
}

/// The same where the block or the rows end. Lanes past the last row repeat it; nobody reads them.
FA_NOINLINE void fill_addend_tile_at_end(const AddendSource& s, const PanelBand& cut, int rows, int row,
                                         int key, AddendWatch& watch, float* addend) {
  Vector a[kLanes];
  for (int i = 0; i < kLanes; ++i) {
    const int r = smaller(row + i, rows - 1);
    const int first = r + cut.lo, last = smaller(r + cut.hi + 1, cut.keys);
    a[i] = broadcast(-kInfinity);
    if (key < cut.keys) a[i] = addend_vector_at_end(s, r, key, first, last, smaller(cut.keys, key + kLanes));
    watch.look(a[i], (lane_index() + key) < cut.keys);
  }
  transpose(a);
  FA_FOR (i, kLanes) store(addend + (key + i) * kPanelRows + row, a[i]);
}

FA_ALWAYS_INLINE bool band_covers(const PanelBand& cut, int row, int rows, int key, int keys) {
  return row + rows - 1 + cut.lo <= key && key + keys - 1 <= row + cut.hi;
}

/// Mask and bias are the same for all rows, and the band cuts nothing: one vector of keys serves them all.
FA_NOINLINE Visibility fill_addend_by_key(const AddendSource& s, const PanelBand& cut, float* addend) {
  AddendWatch watch;
  for (int key = 0; key < round_up(cut.keys, larger(kLanes, kTileRows)); key += kLanes) {
    Vector a = broadcast(-kInfinity);
    if (key < cut.keys) a = addend_vector_at_end(s, 0, key, 0, cut.keys, smaller(cut.keys, key + kLanes));
    watch.look(a, (lane_index() + key) < cut.keys);
    for (int i = 0; i < kLanes; ++i)
      for (int v = 0; v < cut.vectors; ++v)
        store(addend + (key + i) * kPanelRows + v * kLanes, broadcast(a[i]));
  }
  return watch.result(s.bias);
}

/// Keys of the tiles that hold a visible pair of vector v, in whole groups.
struct SeenKeys {
  int begin, end;
};

FA_ALWAYS_INLINE SeenKeys seen_keys(const PanelBand& cut, int v) {
  constexpr int kGroup = kLanes > kTileRows ? kLanes : kTileRows;
  if (cut.last[v] <= cut.first[v]) return {0, 0};
  return {cut.first[v] / kGroup * kGroup, static_cast<int>(round_up(cut.last[v], kGroup))};
}

FA_NOINLINE Visibility fill_mask_and_bias(const AddendSource& s, const PanelBand& cut, int rows,
                                          float* addend) {
  const bool by_key = (!s.mask || s.mask_stride == 0) && (!s.bias || s.bias_stride == 0);
  if (by_key && band_covers(cut, 0, rows, 0, cut.keys)) return fill_addend_by_key(s, cut, addend);
  AddendWatch watch;
  for (int v = 0; v < cut.vectors; ++v) {
    const int row = v * kLanes;
    const SeenKeys seen = seen_keys(cut, v);
    for (int key = seen.begin; key < seen.end; key += kLanes) {
      if (row + kLanes > rows || key + kLanes > cut.keys) {
        fill_addend_tile_at_end(s, cut, rows, row, key, watch, addend);
      } else if (!band_covers(cut, row, kLanes, key, kLanes) || (s.mask && s.bias)) {
        fill_addend_tile<AddendParts{true, true, true}>(s, cut, row, key, watch, addend);
      } else if (s.mask) {
        fill_addend_tile<AddendParts{true, false, false}>(s, cut, row, key, watch, addend);
      } else {
        fill_addend_tile<AddendParts{false, true, false}>(s, cut, row, key, watch, addend);
      }
    }
  }
  return watch.result(s.bias);
}

/// Fetches the bias of a panel that comes soon: its rows lie too far apart for the hardware to guess.
FA_NOINLINE void prefetch_bias(const AddendSource& s, const PanelBand& cut, int rows) {
  const int64_t size = size_of(s.bias_element), end = cut.last[cut.vectors - 1] * size;
  for (int row = 0; row < (s.bias_stride ? rows : 1); ++row) {
    const char* from = s.bias + row * s.bias_stride * size;
    for (int64_t at = cut.first[0] * size; at < end; at += 64) __builtin_prefetch(from + at);
  }
}

/// Subtracts slope * distance. With kFresh there is no mask and no bias, and the band alone hides pairs.
template <bool kFresh>
FA_NOINLINE void add_slope(const AddendSource& s, const PanelBand& cut, float* addend) {
  // A finite slope hides nothing, however far the key is.
  const Vector floor = broadcast(s.slope == kInfinity ? -kInfinity : kLowest);
  for (int v = 0; v < cut.vectors; ++v) {
    const Bits row = lane_index() + v * kLanes;
    const SeenKeys seen = seen_keys(cut, v);
    for (int key = seen.begin; key < seen.end; ++key) {
      float* to = addend + static_cast<int64_t>(key) * kPanelRows + v * kLanes;
      const Bits away = row + (s.diagonal - key);
      const Vector distance = __builtin_convertvector(away < 0 ? -away : away, Vector);
      Vector old{};
      Bits hidden;
      if constexpr (kFresh) {
        hidden = ~((row >= key - cut.hi) & (row <= key - cut.lo));
        if (key >= cut.keys) hidden = broadcast_bits(-1);
      } else {
        old = load(to);
        hidden = old == broadcast(-kInfinity);
      }
      store(to, select(hidden, broadcast(-kInfinity), maximum(floor, old - distance * s.slope)));
    }
  }
}

/// addend[key][row] for the panel's rows, where for_each_tile will read it; minus infinity = invisible.
FA_NOINLINE Visibility fill_addend(const AddendSource& s, const PanelBand& cut, int rows, float* addend) {
  Visibility left = Visibility::some;
  if (s.mask || s.bias) {
    left = fill_mask_and_bias(s, cut, rows, addend);
  } else if (cut.last[cut.vectors - 1] <= cut.first[0]) {
    left = Visibility::nothing;
  }
  if (!s.has_slope || left == Visibility::nothing) return left;
  if (s.mask || s.bias) {
    add_slope<false>(s, cut, addend);
  } else {
    add_slope<true>(s, cut, addend);
  }
  return Visibility::some;
}

}  // namespace
}  // namespace fa::cpu::FA_TARGET
