// Where the key band cuts a panel, and the tiles and sums that are left to compute.
#pragma once
#include "tile-inl.h"

namespace fa::cpu::FA_TARGET {
namespace {

/// One panel of query rows against one block of keys, in the block's coordinates:
/// key k is visible to row r of the panel iff  r + lo <= k <= r + hi  and  0 <= k < keys.
struct PanelBand {
  int vectors;  ///< vectors of lanes that hold rows
  int keys;     ///< of the block
  int lo, hi;
  int first[kPanelVectors];  ///< keys [first, last) are visible to some row of the vector; both grow with the
                             ///< vector
  int last[kPanelVectors];
};

FA_ALWAYS_INLINE int clamp(int64_t x, int64_t low, int64_t high) {
  return static_cast<int>(x < low ? low : x > high ? high : x);
}

/// `row` and `key` are the positions of the panel's first row and of the block's first key.
FA_ALWAYS_INLINE PanelBand cut_panel(const KeyBand& band, int64_t row, int rows, int64_t key, int keys) {
  constexpr int64_t kFar = 1 << 29;
  PanelBand cut;
  cut.vectors = (rows + kLanes - 1) / kLanes;
  cut.keys = keys;
  cut.lo = clamp(row + band.lo - key, -kFar, kFar);
  cut.hi = clamp(row + band.hi - key, -kFar, kFar);
  for (int v = 0; v < kPanelVectors; ++v) {
    cut.first[v] = clamp(cut.lo + v * kLanes, 0, keys);
    cut.last[v] = clamp(cut.hi + v * kLanes + kLanes, cut.first[v], keys);
  }
  return cut;
}

/// True when every row sees every key.
FA_ALWAYS_INLINE bool sees_all(const KeyBand& band, int64_t row, int64_t rows, int64_t key, int64_t keys) {
  return row + rows - 1 + band.lo <= key && key + keys - 1 <= row + band.hi;
}

/// A tile of scores: keys [key, key + rows) against vectors [from, to) of the panel.
struct TilePlace {
  int key;
  int rows;  ///< less than kTileRows at the end of the block
  int from, to;
  bool whole;  ///< no element is invisible or missing
};

/// Visits the tiles that hold a visible pair. Vectors without one are left out, so a diagonal costs kLanes /
/// 2 keys of idle work per row, not kPanelRows / 2.
template <class Visit>
FA_ALWAYS_INLINE void for_each_tile(const PanelBand& cut, Visit&& visit) {
  const int end = cut.last[cut.vectors - 1];
  for (int key = cut.first[0] / kTileRows * kTileRows; key < end; key += kTileRows) {
    TilePlace t{key, smaller(kTileRows, cut.keys - key), 0, cut.vectors, false};
    while (cut.last[t.from] <= key) ++t.from;
    while (t.to > t.from && cut.first[t.to - 1] >= key + t.rows) --t.to;
    if (t.from == t.to) continue;
    t.whole = t.rows == kTileRows && key + kTileRows - 1 <= t.from * kLanes + cut.hi &&
              key >= t.to * kLanes - 1 + cut.lo;
    visit(t);
  }
}

/// Visits runs of keys that are visible to the same vectors, in order: visit(from, to, key, count).
template <class Visit>
FA_ALWAYS_INLINE void for_each_run(const PanelBand& cut, Visit&& visit) {
  const int end = cut.last[cut.vectors - 1];
  for (int key = cut.first[0]; key < end;) {
    int from = 0;
    while (cut.last[from] <= key) ++from;
    int to = from;
    while (to < cut.vectors && cut.first[to] <= key) ++to;
    int stop = cut.last[from];
    if (to < cut.vectors) stop = smaller(stop, cut.first[to]);
    if (to > from) visit(from, to, key, stop - key);
    key = stop;
  }
}

}  // namespace
}  // namespace fa::cpu::FA_TARGET
