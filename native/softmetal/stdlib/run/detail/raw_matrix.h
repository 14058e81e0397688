// The 8x8 matrix that a simdgroup holds together: which lane has which elements, and the product.
#pragma once
#include "../vector.h"
#include "raw_exchange.h"

namespace sm {

constexpr int kTile = 8;

// Lane -> the row of its two elements and the column of the first; the second is right of it. This is the
// order of Apple's hardware, as MLX and others rely on it; not measured on Apple hardware.
struct tile_place {
  uint row, column;
};
constexpr tile_place place_in_tile(uint lane) {
  uint quad = lane / 4;
  return {(quad & 4) + lane / 2 % 4, (quad & 2) * 2 + lane % 2 * 2};
}
inline tile_place place_in_tile() { return place_in_tile(lane()); }

// One lane's share of the operands; `c` is replaced by its share of the result.
struct product_share {
  float a[2], b[2], c[2];
};

typedef float tile_row __attribute__((ext_vector_type(8)));

// d = a * b + c. Each element is a chain of fused multiply-adds in float, k from 0 to 7.
inline void multiply_tiles(sm_exchange* table) {
  float a[kTile][kTile];
  alignas(32) float b[kTile][kTile], c[kTile][kTile];
  for (uint i = 0; i < SM_LANES; i++) {
    const product_share& share = slot<product_share>(table, i);
    const tile_place at = place_in_tile(i);
    for (int e = 0; e < 2; e++) {
      a[at.row][at.column + e] = share.a[e];
      b[at.row][at.column + e] = share.b[e];
      c[at.row][at.column + e] = share.c[e];
    }
  }
  for (int row = 0; row < kTile; row++) {
    tile_row sum = *reinterpret_cast<tile_row*>(c[row]);
    for (int k = 0; k < kTile; k++) {
      sum = __builtin_elementwise_fma(tile_row(a[row][k]), *reinterpret_cast<tile_row*>(b[k]), sum);
    }
    *reinterpret_cast<tile_row*>(c[row]) = sum;
  }
  for (uint i = 0; i < SM_LANES; i++) {
    const tile_place at = place_in_tile(i);
    for (int e = 0; e < 2; e++) slot<product_share>(table, i).c[e] = c[at.row][at.column + e];
  }
}

template <class A, class B>
constexpr sm_operation product_operation() {
  if (__is_same(A, half) && __is_same(B, half)) return SM_MATRIX_F16;
  if (__is_same(A, bfloat) && __is_same(B, bfloat)) return SM_MATRIX_BF16;
  return SM_MATRIX_F32;
}

// Of vectors with the two elements of each operand that a lane holds.
template <class D, class A, class B, class C>
SM_COLLECTIVE vec<D, 2> multiply_accumulate(const vec<A, 2>& a, const vec<B, 2>& b, const vec<C, 2>& c,
                                            const here& place) {
  product_share share = {{float(a[0]), float(a[1])}, {float(b[0]), float(b[1])}, {float(c[0]), float(c[1])}};
  sm_exchange* table = exchange(share, product_operation<A, B>(), multiply_tiles, place);
  const product_share& result = slot<product_share>(table, lane());
  return from_array<D, 2>({D(result.c[0]), D(result.c[1])});
}

}  // namespace sm
