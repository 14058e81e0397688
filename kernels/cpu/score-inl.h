// From a product q . k to a score: units, softcap, what is added, and what becomes of invisible pairs.
#pragma once
#include "band-inl.h"

namespace fa::cpu::FA_TARGET {
namespace {

/// Factors on the way from a product q . k to its exponent. The products themselves stay unscaled: with scale
/// * log2(e) folded into Q, the rounding of that constant and of every element would shift large scores by
/// more than a plain implementation does. Applied to the difference from the row maximum, it costs one
/// multiplication and no accuracy.
struct ScoreUnits {
  float query;     ///< of Q: the sign of the scale, so that the largest score is the largest product
  float product;   ///< of the product where it meets the addend
  float exponent;  ///< of a difference of scores, gives log2 units
  float natural;   ///< of a score, gives natural units
  /// With a softcap, a score is cap * tanh(product * cap_scale) before the addend, nearly product * cap_slope
  /// where that is small. Else all are 0.
  float cap, cap_scale, cap_slope;
};

/// Softcap c: the product's way to the score is not linear, so it is scaled before.
FA_ALWAYS_INLINE ScoreUnits capped_units(const Attention& a) {
  const float scale = a.scale / a.softcap;
  const float finite = scale < kLowest ? kLowest : scale > -kLowest ? -kLowest : scale;  // 0 * Inf is NaN
  return ScoreUnits{1, 1, kLog2E, 1, a.softcap, finite, a.scale};
}

FA_ALWAYS_INLINE ScoreUnits score_units(const Attention& a) {
  if (a.softcap > 0) return capped_units(a);
  if (a.bias.data || a.alibi_slopes) return ScoreUnits{1, a.scale, kLog2E, 1, 0, 0, 0};
  const float size = a.scale < 0 ? -a.scale : a.scale;
  if (size < 1e-30f)  // lse / scale would overflow; so small, rounding is harmless
    return ScoreUnits{a.scale, 1, kLog2E, 1, 0, 0, 0};
  return ScoreUnits{a.scale < 0 ? -1.0f : 1.0f, 1, size * kLog2E, size, 0, 0, 0};
}

/// Whether scores have an addend: mask, bias or ALiBi.
FA_ALWAYS_INLINE bool has_addend(const Attention& a) { return a.mask.data || a.bias.data || a.alibi_slopes; }

/// What a tile of scores goes through before the softmax.
enum class Edge {
  none,    ///< every pair is visible
  band,    ///< pairs outside the band are minus infinity
  addend,  ///< the addend panel is added; minus infinity there decides (it holds mask, bias, ALiBi
           ///< and band)
};

struct TileEdge {
  int lo, hi;           ///< row i of the tile is visible to lane r iff r + lo <= i <= r + hi
  int rows;             ///< rows from here on are no keys
  const float* addend;  ///< [kTileRows][kPanelRows]
  float product, cap, cap_scale, cap_slope;  ///< of ScoreUnits
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

/// cap * tanh(product * cap_scale). Small scores keep what a cap far above them does not change, with one
/// rounding less each way. `slope`, if given, gets the derivative, 1 - tanh^2.
FA_ALWAYS_INLINE Vector cap_score(Vector product, const TileEdge& edge, Vector* slope) {
  const Vector x = product * edge.cap_scale, share = tanh(x), linear = product * edge.cap_slope;
  if (slope) *slope = 1.0f - share * share;
  return select(absolute(x) < kTanhNear, linear + linear * tanh_excess(x), share * edge.cap);
}

/// The final score, minus infinity where invisible (whatever the key holds, NaN included). `slope`: see
/// cap_score.
template <Edge kEdge, bool kCapped>
FA_ALWAYS_INLINE Vector finish_score(Vector score, const TileEdge& edge, int i, int v,
                                     Vector* slope = nullptr) {
  if constexpr (kCapped) {
    score = cap_score(score, edge, slope);
  }
  if constexpr (kEdge == Edge::none) return score;
  if constexpr (kEdge == Edge::addend) {
    // A bias of the lowest float plus a negative product would overflow; it must not turn into "invisible".
    const Vector addend = load(edge.addend + i * kPanelRows + v * kLanes);
    score = maximum(broadcast(kLowest), score * edge.product + addend);
  }
  return select(visible_lanes<kEdge>(edge, i, v), score, broadcast(-kInfinity));
}

/// Marks an invisible pair among probabilities, which are never negative: unlike +0 it cannot be an
/// underflow.
constexpr float kHiddenProbability = -0.0f;

FA_ALWAYS_INLINE Bits is_hidden(Vector probability) {
  return (Bits)probability == (Bits)broadcast(kHiddenProbability);
}

/// Rows (of K or V) that hold NaN or Inf and that some query may not see. They are taken out of the product
/// over all keys, where 0 * NaN would reach every row of the tile, and added afterwards to the rows that see
/// them.
struct SpecialRows {
  FloatRows rows;
  const int32_t* index;
  int count;
};

/// panel[d][row] += weights[key][row] * special[key][d] wherever probabilities[key][row] is not hidden.
FA_NOINLINE void add_special_rows(const SpecialRows& special, const PanelBand& cut,
                                  const float* probabilities, const float* weights, int64_t stride,
                                  float* panel, int width) {
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

FA_ALWAYS_INLINE TileEdge tile_edge(const PanelBand& cut, const TilePlace& t, const float* addend,
                                    const ScoreUnits& units) {
  const int shift = t.from * kLanes - t.key;
  return TileEdge{
      cut.lo + shift,  cut.hi + shift,
      t.rows,          addend ? addend + static_cast<int64_t>(t.key) * kPanelRows + t.from * kLanes : nullptr,
      units.product,   units.cap,
      units.cap_scale, units.cap_slope};
}

}  // namespace
}  // namespace fa::cpu::FA_TARGET
