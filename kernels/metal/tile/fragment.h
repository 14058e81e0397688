// 8 by 8 elements for the matrix unit, and how the 32 lanes of a simdgroup share them.
#pragma once
#include <metal_simdgroup_matrix>

#include "constants.h"
#include "tile.h"

namespace fa {
using namespace metal;

template <typename T>
using Fragment = simdgroup_matrix<T, 8, 8>;

template <typename T>
METAL_FUNC Fragment<T> zero_fragment() {
  return make_filled_simdgroup_matrix<T, 8, 8>(T(0));
}

/// What this lane holds of a fragment: two neighbours of one row. The type of thread_elements() is not
/// documented, hence the cast.
template <typename T>
METAL_FUNC thread vec<T, 2>& elements(thread Fragment<T>& of) {
  return reinterpret_cast<thread vec<T, 2>&>(of.thread_elements());
}
template <typename T>
METAL_FUNC vec<T, 2> elements(thread const Fragment<T>& of) {
  Fragment<T> copy = of;
  return elements(copy);
}

/// One of the two, by selection: an index that is not a constant could send registers to memory.
template <typename T>
METAL_FUNC T one_of(vec<T, 2> two, int index) {
  return index == 0 ? two[0] : two[1];
}

/// Which two: (row, column) and (row, column + 1).
struct Lane {
  ushort index;
  short row;
  short column;

  METAL_FUNC explicit Lane(ushort lane)
      : index(lane), row((lane / 4 & 4) + (lane / 2) % 4), column((lane / 4 & 2) * 2 + lane % 2 * 2) {}
};

/// The lane that holds (row, column).
METAL_FUNC ushort lane_holding(short row, short column) {
  return ushort((row & 4) * 4 + (column & 4) * 2 + (row & 3) * 2 + (column / 2 & 1));
}

// The four lanes of a row differ in bits 0 and 3.
METAL_FUNC float row_max(float x) {
  x = max(x, simd_shuffle_xor(x, 1));
  return max(x, simd_shuffle_xor(x, 8));
}

METAL_FUNC float row_sum(float x) {
  x += simd_shuffle_xor(x, 1);
  return x + simd_shuffle_xor(x, 8);
}

/// Two neighbours of a row in memory, of which `columns` exist.
template <typename T>
METAL_FUNC vec<T, 2> read_two(const device T* from, int columns) {
  if (aligned) return *reinterpret_cast<const device vec<T, 2>*>(from);
  return vec<T, 2>(columns > 0 ? from[0] : T(0), columns > 1 ? from[1] : T(0));
}

template <typename T>
METAL_FUNC void write_two(device T* to, vec<float, 2> values, int columns) {
  if (aligned) {
    *reinterpret_cast<device vec<T, 2>*>(to) = vec<T, 2>(T(values[0]), T(values[1]));
    return;
  }
  if (columns > 0) to[0] = T(values[0]);
  if (columns > 1) to[1] = T(values[1]);
}

/// Eight rows that a simdgroup owns, as left operands. A lane knows its own row only.
template <typename T, int width, int own>
struct OwnRows;

template <typename T, int width>
struct OwnRows<T, width, kOwnInDevice> {
  const device T* row;  ///< this lane's two elements of fragment 0
  int columns;          ///< that exist from there on

  METAL_FUNC void open(const device T* lane_row, int dim, Lane lane) {
    row = lane_row + lane.column;
    columns = dim - lane.column;
  }
  METAL_FUNC Fragment<T> load(int d) const {
    Fragment<T> f;
    elements(f) = read_two(row + 8 * d, columns - 8 * d);
    return f;
  }
};

template <typename T, int width>
struct OwnRows<T, width, kOwnInRegisters> {
  Fragment<T> fragments[width / 8];

  METAL_FUNC void open(const device T* lane_row, int dim, Lane lane) {
    OwnRows<T, width, kOwnInDevice> rows;
    rows.open(lane_row, dim, lane);
#pragma unroll
    for (int d = 0; d < width / 8; ++d) fragments[d] = rows.load(d);
  }
  METAL_FUNC Fragment<T> load(int d) const { return fragments[d]; }
};

/// Writes a lane's row: fragments * factor, columns below `dim`.
template <typename T, int count>
METAL_FUNC void write_row(device T* lane_row, int dim, Lane lane,
                          thread const Fragment<float> (&fragments)[count], float factor) {
#pragma unroll
  for (int d = 0; d < count; ++d) {
    const int column = 8 * d + lane.column;
    write_two(lane_row + column, elements(fragments[d]) * factor, dim - column);
  }
}

}  // namespace fa
