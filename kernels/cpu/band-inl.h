// Where the key band cuts a panel, and the tiles and sums that are left to compute.
#pragma once
#include "tile-inl.h"

namespace fa::cpu::FA_TARGET {
namespace {

/// One panel of query rows against one block of keys, in the block's coordinates:
/// key k is visible to row r of the panel iff  r + lo <= k <= r + hi  and  0 <= k < keys.
struct PanelBand {
  int vectors;               ///< vectors of lanes that hold rows
  int keys;                  ///< of the block
  int lo, hi;
  int first[kPanelVectors];  ///< keys [first, last) are visible to some row of the vector; both grow with the vector
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
  int rows;    ///< less than kTileRows at the end of the block
  int from, to;
  bool whole;  ///< no element is invisible or missing
};

/// Visits the tiles that hold a visible pair. Vectors without one are left out, so a diagonal costs kLanes / 2 keys of
/// idle work per row, not kPanelRows / 2.
template <class Visit>
FA_ALWAYS_INLINE void for_each_tile(const PanelBand& cut, Visit&& visit) {
  const int end = cut.last[cut.vectors - 1];
  for (int key = cut.first[0] / kTileRows * kTileRows; key < end; key += kTileRows) {
    TilePlace t{key, smaller(kTileRows, cut.keys - key), 0, cut.vectors, false};
    while (cut.last[t.from] <= key) ++t.from;
    while (t.to > t.from && cut.first[t.to - 1] >= key + t.rows) --t.to;
    if (t.from == t.to) continue;
    t.whole = t.rows == kTileRows && key + kTileRows - 1 <= t.from * kLanes + cut.hi && key >= t.to * kLanes - 1 + cut.lo;
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

/// Factors on the way from a product q . k to its exponent. The products themselves stay unscaled: with scale * log2(e)
/// folded into Q, the rounding of that constant and of every element would shift large scores by more than a plain
/// implementation does. Applied to the difference from the row maximum, it costs one multiplication and no accuracy.
struct ScoreUnits {
  float query;     ///< of Q: the sign of the scale, so that the largest score is the largest product
  float product;   ///< of the product where it meets the addend
  float exponent;  ///< of a difference of scores, gives log2 units
  float natural;   ///< of a score, gives natural units
};

FA_ALWAYS_INLINE ScoreUnits score_units(const Attention& a) {
  if (a.bias.data) return ScoreUnits{1, a.scale, kLog2E, 1};
  const float size = a.scale < 0 ? -a.scale : a.scale;
  if (size < 1e-30f) return ScoreUnits{a.scale, 1, kLog2E, 1};  // lse / scale would overflow; so small, rounding is harmless
  return ScoreUnits{a.scale < 0 ? -1.0f : 1.0f, 1, size * kLog2E, size};
}

/// What a tile of scores goes through before the softmax.
enum class Edge {
  none,    ///< every pair is visible
  band,    ///< pairs outside the band are minus infinity
  addend,  ///< the addend panel is added; minus infinity there decides (it holds mask, bias and band)
};

struct TileEdge {
  int lo, hi;           ///< row i of the tile is visible to lane r iff r + lo <= i <= r + hi
  int rows;             ///< rows from here on are no keys
  const float* addend;  ///< [kTileRows][kPanelRows]
  float product;        ///< ScoreUnits::product
};

/// For row i, vector v of a tile: which lanes see it. Not for Edge::none.
template <Edge kEdge>
FA_ALWAYS_INLINE Bits visible_lanes(const TileEdge& edge, int i, int v) {
  if constexpr (kEdge == Edge::addend) {
    return load(edge.addend + i * kPanelRows + v * kLanes) != broadcast(-kInfinity);
  } else {
    const Bits lane = lane_index() + v * kLanes;
    const Bits inside = (lane >= i - edge.hi) & (lane <= i - edge.lo);
    return i < edge.rows ? inside : Bits{};
  }
}

/// The final score, minus infinity where invisible (whatever the key holds, NaN included).
template <Edge kEdge>
FA_ALWAYS_INLINE Vector finish_score(Vector score, const TileEdge& edge, int i, int v) {
  if constexpr (kEdge == Edge::none) return score;
  if constexpr (kEdge == Edge::addend) {
    // A bias of the lowest float plus a negative product would overflow; it must not turn into "invisible".
    const Vector addend = load(edge.addend + i * kPanelRows + v * kLanes);
    score = maximum(broadcast(kLowest), score * edge.product + addend);
  }
  return select(visible_lanes<kEdge>(edge, i, v), score, broadcast(-kInfinity));
}

/// Marks an invisible pair among probabilities, which are never negative: unlike +0 it cannot be an underflow.
constexpr float kHiddenProbability = -0.0f;

FA_ALWAYS_INLINE Bits is_hidden(Vector probability) { return (Bits)probability == (Bits)broadcast(kHiddenProbability); }

/// Rows (of K or V) that hold NaN or Inf and that some query may not see. They are taken out of the product over all keys,
/// where 0 * NaN would reach every row of the tile, and added afterwards to the rows that see them.
struct SpecialRows {
  FloatRows rows;
  const int32_t* index;
  int count;
};

/// panel[d][row] += weights[key][row] * special[key][d] wherever probabilities[key][row] is not hidden.
FA_NOINLINE void add_special_rows(const SpecialRows& special, const PanelBand& cut, const float* probabilities,
                                  const float* weights, int64_t stride, float* panel, int width) {
  for (int n = 0; n < special.count; ++n) {
    const int key = special.index[n];
    const float* row = special.rows.data + key * special.rows.stride;
    for (int v = 0; v < cut.vectors; ++v) {
      if (key < cut.first[v] || key >= cut.last[v]) continue;
      const Bits hidden = is_hidden(load(probabilities + key * stride + v * kLanes));
      const Vector weight = load(weights + key * stride + v * kLanes);
      for (int d = 0; d < width; ++d) {
        float* to = panel + static_cast<int64_t>(d) * kPanelRows + v * kLanes;
        store(to, select(hidden, load(to), load(to) + weight * row[d]));
      }
    }
  }
}

FA_ALWAYS_INLINE TileEdge tile_edge(const PanelBand& cut, const TilePlace& t, const float* addend, float product) {
  const int shift = t.from * kLanes - t.key;
  return TileEdge{cut.lo + shift, cut.hi + shift, t.rows,
                  addend ? addend + static_cast<int64_t>(t.key) * kPanelRows + t.from * kLanes : nullptr,
                  product};
}

}  // namespace
}  // namespace fa::cpu::FA_TARGET
