// The register-blocked micro-kernel behind all products of attention.
#pragma once
#include "pack-inl.h"

#define FA_INLINE_LAMBDA __attribute__((always_inline))

namespace fa::cpu::FA_TARGET {
namespace {

/// How the broadcast operand lies: rows (a[i][p]) or strips (a[p][i]).
enum class Broadcast { rows, strips };

/// Products are summed in runs of this many, and the runs are summed: rounding errors of one long float32 sum
/// would grow with its length (scores of large heads are what the accuracy of everything after them hangs
/// on).
constexpr int kRun = 32;

template <int kRows, int kVectors>
using Sums = Vector[kRows][kVectors];

/// sums[i][lane] = sum over p < depth of a(i, p) * b[p][lane], for kRows rows and kVectors vectors of lanes.
/// `next` is where the following tile's `a` begins: one line of it is prefetched every second step.
template <int kRows, int kVectors, Broadcast kLayout>
FA_ALWAYS_INLINE void multiply_run(int64_t depth, const float* a, int64_t a_stride, const float* b,
                                   int64_t b_stride, const float* next, Sums<kRows, kVectors>& sums) {
  FA_FOR (i, kRows)
    FA_FOR (v, kVectors) sums[i][v] = Vector{};
#if defined(__aarch64__)
#pragma GCC unroll 2  // more makes clang spill accumulators
#else
#pragma GCC unroll 4
#endif
  for (int64_t p = 0; p < depth; ++p) {
    Vector row[kVectors];
    if constexpr (kRows >= 8) {
      if ((p & 1) == 0) __builtin_prefetch(next + p * 8);
    }
    FA_FOR (v, kVectors) row[v] = load(b + p * b_stride + v * kLanes);
    FA_FOR (i, kRows) {
      const Vector x = broadcast(kLayout == Broadcast::strips ? a[p * a_stride + i] : a[i * a_stride + p]);
      FA_FOR (v, kVectors) sums[i][v] += x * row[v];
    }
  }
}

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"  // `totals` is read from the second run on
#endif
/// One tile of a product, handed to `finish` in registers. Finished runs wait in memory: a load and a store
/// per kRun steps.
template <int kRows, int kVectors, Broadcast kLayout, class Finish>
FA_ALWAYS_INLINE void multiply_tile(int64_t depth, const float* a, int64_t a_stride, const float* b,
                                    int64_t b_stride, const float* next, Finish&& finish) {
  alignas(64) float totals[kRows * kVectors * kLanes];
  Sums<kRows, kVectors> sums;
  const int64_t step = kLayout == Broadcast::strips ? a_stride : 1;
  for (int64_t p = 0;; p += kRun) {
    const int64_t run = smaller<int64_t>(kRun, depth - p);
    multiply_run<kRows, kVectors, kLayout>(run, a + p * step, a_stride, b + p * b_stride, b_stride,
                                           next + p * 8, sums);
    if (p > 0) {
      FA_FOR (i, kRows)
        FA_FOR (v, kVectors) sums[i][v] += load(totals + (i * kVectors + v) * kLanes);
    }
    if (p + kRun >= depth) break;
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
  Vector factor[kVectors];
  if constexpr (kFactor) {
    FA_FOR (v, kVectors) factor[v] = load(s.factor + v * kLanes);
  }
  for (int d = 0; d < s.width; d += kTileRows, strip += s.strip_stride) {
    float* panel = s.panel + d * kPanelRows;
    multiply_tile<kTileRows, kVectors, Broadcast::strips>(
        s.depth, strip, kTileRows, s.rows, s.row_stride, strip + s.strip_stride,
        [&](Sums<kTileRows, kVectors>& sums) FA_INLINE_LAMBDA {
          FA_FOR (i, kTileRows) {
            FA_FOR (v, kVectors) {
              float* to = panel + i * kPanelRows + v * kLanes;
              store(to, kFactor ? load(to) * factor[v] + sums[i][v] : load(to) + sums[i][v]);
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
