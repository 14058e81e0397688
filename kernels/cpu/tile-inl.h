// The register-blocked micro-kernel behind all products of attention.
#pragma once
#include "pack-inl.h"

#define FA_INLINE_LAMBDA __attribute__((always_inline))

namespace fa::cpu::FA_TARGET {
namespace {

/// Steps of a product that a loop makes at once: more make clang spill accumulators on NEON.
#if defined(__aarch64__)
constexpr int kUnrolled = 2;
#else
constexpr int kUnrolled = 4;
#endif

/// How the broadcast operand lies: rows (a[i][p]) or strips (a[p][i]).
enum class Broadcast { rows, strips };

/// Products are summed in runs of this many, and the runs are summed: rounding errors of one long float32 sum
/// would grow with its length. Scores have the shorter ones, because the accuracy of everything after them
/// hangs on them.
constexpr int kRun = 32;       ///< sums over columns: Broadcast::rows
constexpr int kPanelRun = 64;  ///< sums over keys into a panel: Broadcast::strips

template <int kRows, int kVectors>
using Sums = Vector[kRows][kVectors];

/// The operands of a product: a(i, p) for rows i of the tile, and b[p][lane].
template <Broadcast kLayout>
struct Operands {
  const float* a;
  int64_t a_stride;
  const float* b;
  int64_t b_stride;
  const float* next;  ///< where the following tile's `a` begins

  FA_ALWAYS_INLINE Operands from(int64_t p) const {
    return {a + p * (kLayout == Broadcast::strips ? a_stride : 1), a_stride, b + p * b_stride, b_stride,
            next + p * 8};
  }
};

/// sums[i][lane] += a(i, p) * b[p][lane], for kRows rows and kVectors vectors of lanes.
template <int kRows, int kVectors, Broadcast kLayout>
FA_ALWAYS_INLINE void multiply_step(const Operands<kLayout>& o, int64_t p, Sums<kRows, kVectors>& sums) {
  Vector row[kVectors];
  FA_FOR (v, kVectors) row[v] = load(o.b + p * o.b_stride + v * kLanes);
  FA_FOR (i, kRows) {
    const Vector x =
        broadcast(kLayout == Broadcast::strips ? o.a[p * o.a_stride + i] : o.a[i * o.a_stride + p]);
    FA_FOR (v, kVectors) sums[i][v] += x * row[v];
  }
}

/// sums[i][lane] = sum over p < depth of a(i, p) * b[p][lane].
template <int kRows, int kVectors, Broadcast kLayout>
FA_ALWAYS_INLINE void multiply_run(int64_t depth, const Operands<kLayout>& o, Sums<kRows, kVectors>& sums) {
  FA_FOR (i, kRows)
    FA_FOR (v, kVectors) sums[i][v] = Vector{};
#pragma GCC unroll 2
  for (int64_t p = 0; p < depth; ++p) multiply_step(o, p, sums);
}

/// The same for kSteps steps, which nearly all runs have. Large tiles prefetch a line of the following tile's
/// `a` every second step.
template <int kSteps, int kRows, int kVectors, Broadcast kLayout>
FA_ALWAYS_INLINE void multiply_whole_run(const Operands<kLayout>& o, Sums<kRows, kVectors>& sums) {
  FA_FOR (i, kRows)
    FA_FOR (v, kVectors) sums[i][v] = Vector{};
  if constexpr (kRows >= 8) {
#pragma GCC unroll kUnrolled / 2
    for (int64_t p = 0; p < kSteps; p += 2) {
      __builtin_prefetch(o.next + p * 8);
      multiply_step(o, p, sums);
      multiply_step(o, p + 1, sums);
    }
  } else {
#pragma GCC unroll kUnrolled
    for (int64_t p = 0; p < kSteps; ++p) multiply_step(o, p, sums);
  }
}

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"  // `totals` is read from the second run on
#endif
/// One tile of a product, handed to `finish` in registers. Finished runs wait in memory: a load and a store
/// per run.
template <int kRows, int kVectors, Broadcast kLayout, class Finish>
FA_ALWAYS_INLINE void multiply_tile(int64_t depth, const float* a, int64_t a_stride, const float* b,
                                    int64_t b_stride, const float* next, Finish&& finish) {
  constexpr int kLength = kLayout == Broadcast::strips ? kPanelRun : kRun;
  alignas(64) float totals[kRows * kVectors * kLanes];
  Sums<kRows, kVectors> sums;
  const Operands<kLayout> all{a, a_stride, b, b_stride, next};
  for (int64_t p = 0;; p += kLength) {
    if (depth - p >= kLength) {
      multiply_whole_run<kLength>(all.from(p), sums);
    } else {
      multiply_run(depth - p, all.from(p), sums);
    }
    if (p > 0) {
      FA_FOR (i, kRows)
        FA_FOR (v, kVectors) sums[i][v] += load(totals + (i * kVectors + v) * kLanes);
    }
    if (p + kLength >= depth) break;
    FA_FOR (i, kRows)
      FA_FOR (v, kVectors) store(totals + (i * kVectors + v) * kLanes, sums[i][v]);
  }
  finish(sums);
}
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif

/// Sums over keys into a panel: panel[d][row] = panel[d][row] * factor[row] + sum over k of strips[d][k] *
/// rows[k][row]. This is O^T += V^T P^T and dQ^T += K^T dS^T.
struct PanelSum {
  const float* strips;
  int64_t strip_stride;
  int width;          ///< of the panel, columns d
  const float* rows;  ///< [depth][kPanelRows or more], first key of the sum
  int64_t row_stride;
  int depth;
  float* panel;
  const float* factor;  ///< per row; null = 1
};

template <int kVectors, bool kFactor>
FA_NOINLINE void sum_into_panel(const PanelSum& s) {
  const float* strip = s.strips;
  for (int d = 0; d < s.width; d += kTileRows, strip += s.strip_stride) {
    float* panel = s.panel + d * kPanelRows;
    multiply_tile<kTileRows, kVectors, Broadcast::strips>(
        s.depth, strip, kTileRows, s.rows, s.row_stride, strip + s.strip_stride,
        [&](Sums<kTileRows, kVectors>& sums) FA_INLINE_LAMBDA {
          FA_FOR (i, kTileRows) {
            FA_FOR (v, kVectors) {
              float* to = panel + i * kPanelRows + v * kLanes;
              // The factors are read again each time: a register more would be one too many.
              store(to,
                    kFactor ? load(to) * load(s.factor + v * kLanes) + sums[i][v] : load(to) + sums[i][v]);
            }
          }
        });
  }
}

/// The same for `vectors` vectors of lanes.
FA_ALWAYS_INLINE void sum_into_panel(int vectors, const PanelSum& s) {
  if (s.factor) {
    if (vectors == 1) return sum_into_panel<1, true>(s);
    if (vectors == 2) return sum_into_panel<2, true>(s);
    return sum_into_panel<3, true>(s);
  }
  if (vectors == 1) return sum_into_panel<1, false>(s);
  if (vectors == 2) return sum_into_panel<2, false>(s);
  sum_into_panel<3, false>(s);
}

}  // namespace
}  // namespace fa::cpu::FA_TARGET
