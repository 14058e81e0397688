// A KV cache as decode.metal reads it in place: rows of T or of int8 with a scale each, in one piece or in
// pages.
#pragma once
#include "packed_rows.h"

namespace fa {
using namespace metal;

/// Where the rows of a kv head are. Its places in pages are those of its keys, and of its values.
struct CachePlaces {
  const device int* pages;      ///< of the batch; undefined without, as are
  constant CacheParams* cache;  ///< these without pages and int8

  METAL_FUNC Int64 offset(constant RowStrides& strides, int key) const {
    if (!has_pages) return key * strides.row;
    return pages[key / cache->page_size] * strides.batch + key % cache->page_size * strides.row;
  }
};

/// The keys or the values of one kv head.
struct CacheRows {
  const device uchar* start;   ///< of row 0, or of row 0 of page 0
  const device float* scales;  ///< likewise; undefined unless the rows are int8

  METAL_FUNC static Int64 start_of(constant RowStrides& strides, thread const PackedRows& rows) {
    return (has_pages ? 0 : rows.batch * strides.batch) + rows.kv_head * strides.head;
  }
  METAL_FUNC void open(const device uchar* tensor, constant RowStrides& strides, int element_bytes,
                       thread const PackedRows& rows) {
    start = tensor + start_of(strides, rows) * element_bytes;
  }
  METAL_FUNC void open_scales(const device float* tensor, constant RowStrides& strides,
                              thread const PackedRows& rows) {
    scales = tensor + start_of(strides, rows);
  }
};

/// Two elements of a key from `row` + `column` on, of which `columns` exist. Of int8 they are the integers:
/// the products get the scale, so that nothing is rounded here.
template <typename T>
METAL_FUNC vec<T, 2> read_key(const device uchar* row, int column, int columns) {
  if (!k_is_int8) return read_two(reinterpret_cast<const device T*>(row) + column, columns);
  const vec<char, 2> two = read_two(reinterpret_cast<const device char*>(row) + column, columns);
  return vec<T, 2>(T(float(two[0])), T(float(two[1])));
}

/// A lane's four elements of a value's row; `scale` is that of int8.
template <typename T, int width>
METAL_FUNC vec<T, 4> read_value(const device uchar* row, int column, int dim, float scale) {
  if (!v_is_int8) return read_share<width>(reinterpret_cast<const device T*>(row), column, dim);
  const vec<char, 4> four = read_share<width>(reinterpret_cast<const device char*>(row), column, dim);
  vec<T, 4> values;
#pragma unroll
  for (int e = 0; e < 4; ++e) values[e] = T(float(four[e]) * scale);
  return values;
}

}  // namespace fa
