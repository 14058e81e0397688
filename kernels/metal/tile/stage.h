// Rows of the traversed operand in threadgroup memory, where all simdgroups of a threadgroup read them.
#pragma once
#include "fragment.h"
#include "numbers.h"

namespace fa {
using namespace metal;

/// Elements between the end of one staged row and the next, so that the rows of a fragment start in different
/// banks. Chosen by counted bank conflicts (16 banks of 4 bytes); not measured on Apple hardware.
template <typename T, int width>
struct RowPad {
  static constant constexpr int kReadBothWays = 4;  ///< read as rows and transposed, or transposed only
  static constant constexpr int kReadAsRows = 8 + width % 16;
};
template <int width>
struct RowPad<float, width> {
  static constant constexpr int kReadBothWays = 4;
  static constant constexpr int kReadAsRows = 4;
};

/// Four neighbours of a row in memory, of which `columns` exist.
template <typename T>
METAL_FUNC vec<T, 4> read_four(const device T* from, int columns) {
  if (aligned) return *reinterpret_cast<const device vec<T, 4>*>(from);
  vec<T, 4> four = vec<T, 4>(T(0));
#pragma unroll
  for (int e = 0; e < 4; ++e)
    if (e < columns) four[e] = from[e];
  return four;
}

/// Where rows come from: one head of a [B, H, L, D] tensor.
template <typename T>
struct HeadRows {
  const device T* start;
  int stride;  ///< elements from row to row; the host keeps it below 2^24, so that a block fits 32 bits
  int rows;    ///< that may be read
  int dim;     ///< columns that may be read

  METAL_FUNC const device T* row(int index) const { return start + Int64(index) * stride; }

  /// Four elements of row first + offset; zero for what does not exist.
  METAL_FUNC vec<T, 4> four(int first, int offset, int column) const {
    if (offset >= rows - first) return vec<T, 4>(T(0));
    return read_four(row(first) + (offset * stride + column), dim - column);
  }
};

/// What a thread moves of rows of `fours` vectors of four elements: always the same place in a row, so that a
/// step is one addition. Threads that make up no whole row have nothing to do.
template <int threads, int fours>
struct Share {
  static_assert(threads >= fours, "a row is moved in one step");
  static constant constexpr int kStep = threads / fours;
  int first;  ///< row; then every kStep-th
  int column;

  METAL_FUNC Share(uint thread_index, int rows)
      : first(thread_index < uint(kStep * fours) ? int(thread_index / uint(fours)) : rows),
        column(int(thread_index % uint(fours)) * 4) {}
};

/// Staged rows: where a fragment of them lies, and how they get there.
template <typename T, int rows, int width, int pad>
struct StagedRows {
  static constant constexpr int kStride = width + pad;
  static constant constexpr int kSize = rows * kStride;
  static constant constexpr int kFours = width / 4;  ///< vectors of four elements in a row
  static constant constexpr int kVectors = kSize / 4;
  static_assert(kStride % 4 == 0, "rows are written four elements at a time");

  threadgroup T* tile;  ///< aligned for vectors of four: declared as kVectors of them

  /// Fragment `r` of the rows, `d` of the columns.
  METAL_FUNC Fragment<T> load(int r, int d) const {
    Fragment<T> f;
    simdgroup_load(f, tile + 8 * r * kStride + 8 * d, kStride);
    return f;
  }
  METAL_FUNC Fragment<T> transposed(int r, int d) const {
    Fragment<T> f;
    simdgroup_load(f, tile + 8 * r * kStride + 8 * d, kStride, ulong2(0), true);
    return f;
  }

  /// Rows [first, first + rows) of `from`, by all threads together. What does not exist becomes zero.
  template <int threads>
  METAL_FUNC void stage(HeadRows<T> from, int first, uint thread_index) const {
    const Share<threads, kFours> share(thread_index, rows);
    for (int row = share.first; row < rows; row += share.kStep)
      write(row, share.column, from.four(first, row, share.column));
  }

  /// The same with elements that are not finite set to zero. Returns one bit for each row in which this
  /// thread met such an element.
  template <int threads>
  METAL_FUNC uint stage_finite(HeadRows<T> from, int first, uint thread_index) const {
    static_assert(rows <= 32, "one bit for each row");
    const Share<threads, kFours> share(thread_index, rows);
    uint special = 0;
    for (int row = share.first; row < rows; row += share.kStep) {
      vec<T, 4> four = from.four(first, row, share.column);
#pragma unroll
      for (int e = 0; e < 4; ++e) {
        if (is_finite(float(four[e]))) continue;
        four[e] = T(0);
        special |= 1u << row;
      }
      write(row, share.column, four);
    }
    return special;
  }

 private:
  METAL_FUNC void write(int row, int column, vec<T, 4> four) const {
    *reinterpret_cast<threadgroup vec<T, 4>*>(tile + row * kStride + column) = four;
  }
};

/// Memory for staged rows as its single elements.
template <typename T>
METAL_FUNC threadgroup T* single_elements(threadgroup vec<T, 4>* vectors) {
  return reinterpret_cast<threadgroup T*>(vectors);
}

}  // namespace fa
