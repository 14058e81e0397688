// Layout changes: query rows to panels and back, key rows to strips.
#pragma once
#include "convert-inl.h"

namespace fa::cpu::FA_TARGET {
namespace {

/// A panel holds kPanelRows query rows side by side: panel[d][row]. Queries lie along the vector lanes, so
/// the softmax state is elementwise and nothing is ever summed across lanes.
#if defined(FA_PANEL_VECTORS)
constexpr int kPanelVectors = FA_PANEL_VECTORS;
#else
constexpr int kPanelVectors = 3;
#endif
constexpr int kPanelRows = kPanelVectors * kLanes;

/// Keys (or value columns) per micro-kernel tile: kTileRows x kPanelVectors accumulators plus operands fill
/// the registers.
constexpr int kTileRows = kRegisters == 32 ? 8 : 4;

/// panel[d][row] = factor * rows[row][d]; the rows from `count` up to the next whole vector become 0.
FA_NOINLINE void pack_panel(FloatRows rows, int count, int width, float factor, float* panel) {
  for (int r = 0; r < count; r += kLanes) {
    const int n = smaller(kLanes, count - r);
    const float* from = rows.data + r * rows.stride;
    int d = 0;
    for (; d + kLanes <= width; d += kLanes) {
      Vector a[kLanes];
      if (n == kLanes) {
        FA_FOR (i, kLanes) a[i] = load(from + i * rows.stride + d) * factor;
      } else {
        FA_FOR (i, kLanes) a[i] = i < n ? load(from + i * rows.stride + d) * factor : Vector{};
      }
      transpose(a);
      FA_FOR (i, kLanes) store(panel + (d + i) * kPanelRows + r, a[i]);
    }
    for (; d < width; ++d)
      for (int i = 0; i < kLanes; ++i)
        panel[d * kPanelRows + r + i] = i < n ? from[i * rows.stride + d] * factor : 0.0f;
  }
}

/// rows[row][d] = panel[d][row] * factor[row].
FA_NOINLINE void unpack_panel(const float* panel, int count, int width, const float* factor, float* rows,
                              int64_t stride) {
  for (int r = 0; r < count; r += kLanes) {
    const int n = smaller(kLanes, count - r);
    const Vector f = load(factor + r);
    float* to = rows + r * stride;
    int d = 0;
    for (; d + kLanes <= width; d += kLanes) {
      Vector a[kLanes];
      FA_FOR (i, kLanes) a[i] = load(panel + (d + i) * kPanelRows + r) * f;
      transpose(a);
      if (n == kLanes) {
        FA_FOR (i, kLanes) store(to + i * stride + d, a[i]);
      } else {
        FA_FOR (i, kLanes)
          if (i < n) store(to + i * stride + d, a[i]);
      }
    }
    for (; d < width; ++d)
      for (int i = 0; i < n; ++i) to[i * stride + d] = panel[d * kPanelRows + r + i] * f[i];
  }
}

/// Copies the last rows of a block where a whole tile can read them.
FA_ALWAYS_INLINE const float* tile_rows_at_end(const float* rows, int64_t stride, int count, int width,
                                               float* tail) {
  for (int i = 0; i < kTileRows; ++i)
    for (int d = 0; d < width; ++d) tail[i * width + d] = i < count ? rows[i * stride + d] : 0.0f;
  return tail;
}

/// Floats between the strips of `rows` rows. One cache line more than the data: strips would otherwise alias
/// in L1.
FA_ALWAYS_INLINE int64_t strip_stride(int64_t rows) { return rows * kTileRows + 16; }
FA_ALWAYS_INLINE int64_t strips_size(int64_t rows, int64_t width) {
  return strip_stride(rows) * (round_up(width, kTileRows) / kTileRows);
}

/// strips[d / kTileRows][row][d % kTileRows] = rows[row][d], columns past `width` 0. A tile of the products
/// that sum over keys then reads one contiguous strip; the natural layout would put a column of 128 keys into
/// 16 sets of the L1 cache. Goes row by row, because the source streams in from L2 or further away.
FA_NOINLINE void pack_strips(FloatRows rows, int count, int width, float* strips) {
  typedef float Piece __attribute__((vector_size(kTileRows * 4), aligned(4), may_alias));
  const int64_t stride = strip_stride(count);
  const int whole = width / kTileRows * kTileRows;
  for (int k = 0; k < count; ++k) {
    const float* from = rows.data + k * rows.stride;
    float* to = strips + k * kTileRows;
    for (int d = 0; d < smaller(width, 128); d += 16) __builtin_prefetch(from + kAhead * rows.stride + d);
    int d = 0;
    for (; d < whole; d += kTileRows, to += stride)
      *reinterpret_cast<Piece*>(to) = *reinterpret_cast<const Piece*>(from + d);
    if (d < width)
      for (int i = 0; i < kTileRows; ++i) to[i] = d + i < width ? from[d + i] : 0.0f;
  }
}

/// Sets one row of the strips to 0.
FA_ALWAYS_INLINE void clear_strip_row(float* strips, int count, int width, int row) {
  for (int d = 0; d < width; d += kTileRows, strips += strip_stride(count))
    for (int i = 0; i < kTileRows; ++i) strips[row * kTileRows + i] = 0;
}

}  // namespace
}  // namespace fa::cpu::FA_TARGET
