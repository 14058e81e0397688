// Addresses of a simdgroup_matrix's elements in memory.
#pragma once
#include "raw_matrix.h"

namespace sm {

// From (row, column) of a matrix to the element of an array in memory. With `transposed`, the array holds the
// matrix's columns one after another, and its origin is meant likewise.
struct tile_layout {
  ulong elements_per_row, origin_x, origin_y;
  bool transposed;
  __attribute__((always_inline)) ulong index(ulong row, ulong column) const {
    ulong y = origin_y + row, x = origin_x + column;
    return transposed ? x * elements_per_row + y : y * elements_per_row + x;
  }
};

// A lane's two elements, which are one access where they lie side by side.
template <class T>
using neighbours = T __attribute__((ext_vector_type(2), aligned(alignof(T))));

template <class T>
__attribute__((always_inline)) inline void load_elements(T* elements, const T* from,
                                                         const tile_layout& layout) {
  const tile_place at = place_in_tile();
  const T* first = from + layout.index(at.row, at.column);
  if (layout.transposed) {
    elements[0] = *first;
    elements[1] = from[layout.index(at.row, at.column + 1)];
  } else {
    neighbours<T> both = *reinterpret_cast<const neighbours<T>*>(first);
    elements[0] = both[0];
    elements[1] = both[1];
  }
}

template <class T>
__attribute__((always_inline)) inline void store_elements(const T* elements, T* to,
                                                          const tile_layout& layout) {
  const tile_place at = place_in_tile();
  T* first = to + layout.index(at.row, at.column);
  if (layout.transposed) {
    *first = elements[0];
    to[layout.index(at.row, at.column + 1)] = elements[1];
  } else {
    *reinterpret_cast<neighbours<T>*>(first) = neighbours<T>{elements[0], elements[1]};
  }
}

}  // namespace sm
