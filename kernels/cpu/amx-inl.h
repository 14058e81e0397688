// The tile registers of AMX: eight of 16 rows x 64 bytes, and products of bfloat16 summed in float32.
#pragma once
#include "simd-inl.h"

namespace fa::cpu::FA_TARGET {
namespace {

/// A brick is what a tile register holds of one operand: 16 rows of 32 bfloat16. Left operands are
/// [row][depth], right ones [depth / 2][column][2]. Bricks lie in memory each on its own: rows that are far
/// apart would share a few sets of the L1 cache.
constexpr int kBrickRows = 16;
constexpr int kBrickDepth = 32;
constexpr int64_t kBrick = kBrickRows * kBrickDepth;  ///< elements

FA_ALWAYS_INLINE int64_t bricks_of(int64_t elements, int64_t per_brick) {
  return (elements + per_brick - 1) / per_brick;
}

// Inline assembly, because compilers' intrinsics take a register's number as a token of the preprocessor.
template <int kTile>
FA_ALWAYS_INLINE void load_tile(const void* p, int64_t stride) {
  asm volatile("tileloadd (%0,%1,1), %%tmm%c2" ::"r"(p), "r"(stride), "i"(kTile) : "memory");
}
template <int kTile>
FA_ALWAYS_INLINE void store_tile(void* p, int64_t stride) {
  asm volatile("tilestored %%tmm%c2, (%0,%1,1)" ::"r"(p), "r"(stride), "i"(kTile) : "memory");
}
template <int kTile>
FA_ALWAYS_INLINE void clear_tile() {
  asm volatile("tilezero %%tmm%c0" ::"i"(kTile));
}
/// sum[i][j] += products of 32 pairs: those of even and of odd depth are summed apart, in order, then added.
template <int kSum, int kLeft, int kRight>
FA_ALWAYS_INLINE void multiply_tile_registers() {
  asm volatile("tdpbf16ps %%tmm%c2, %%tmm%c1, %%tmm%c0" ::"i"(kSum), "i"(kLeft), "i"(kRight));
}

/// As long as one exists, the thread has tile registers; all of them whole.
class TileRegisters {
 public:
  TileRegisters() {
    Configuration c{};
    c.palette = 1;
    FA_FOR (i, 8) {
      c.row_bytes[i] = kBrickDepth * 2;
      c.rows[i] = kBrickRows;
    }
    asm volatile("ldtilecfg %0" ::"m"(c));
  }
  ~TileRegisters() { asm volatile("tilerelease"); }
  TileRegisters(const TileRegisters&) = delete;
  TileRegisters& operator=(const TileRegisters&) = delete;

 private:
  struct Configuration {
    uint8_t palette, start_row, reserved[14];
    uint16_t row_bytes[16];
    uint8_t rows[16];
  };
};

/// One operand of a product: bricks that are `outer` elements apart along its rows (or columns) and `step`
/// along the depth. A value that bfloat16 cannot hold is the sum of several parts, whose bricks are side by
/// side.
struct Bricks {
  const uint16_t* data;
  int64_t outer, step;
};

/// Where kRows x kColumns tiles of sums lie, [row][column] floats.
struct TileSums {
  float* data;
  int64_t stride;  ///< floats
  template <int kTile, int kColumns>
  FA_ALWAYS_INLINE float* at() const {
    return data + kTile / kColumns * kBrickRows * stride + kTile % kColumns * kBrickRows;
  }
};

/// A product of one or two rows and columns of bricks; the parts of its operands.
template <int kRows, int kColumns, int kLeftParts, int kRightParts>
struct BrickProduct {
  static_assert(kRows <= 2 && kColumns <= 2, "registers 0 to 3 hold the sums");
  static constexpr int kLeft = 4, kRight = 6;  ///< two registers each

  typedef typename MakeIndices<kColumns>::type Columns;

  template <int kIndex, int... kColumn>
  static FA_ALWAYS_INLINE void multiply_row(const Bricks& left, const uint16_t* at, Indices<kColumn...>) {
    constexpr int kRow = kIndex / kLeftParts;
    load_tile<kLeft + kIndex % 2>(at + kRow * left.outer + kIndex % kLeftParts * kBrick, kBrickDepth * 2);
    (multiply_tile_registers<kRow * kColumns + kColumn, kLeft + kIndex % 2, kRight + kColumn>(), ...);
  }
  template <int... kColumn, int... kIndex>
  static FA_ALWAYS_INLINE void multiply_part(const Bricks& left, const uint16_t* left_at, const Bricks& right,
                                             const uint16_t* right_at, Indices<kColumn...>,
                                             Indices<kIndex...>) {
    (load_tile<kRight + kColumn>(right_at + kColumn * right.outer, kBrickDepth * 2), ...);
    (multiply_row<kIndex>(left, left_at, Columns{}), ...);
  }
  template <int... kSum>
  static FA_ALWAYS_INLINE void run(const Bricks& left, const Bricks& right, int64_t steps,
                                   const TileSums& sums, bool add, Indices<kSum...>) {
    if (add) {
      (load_tile<kSum>(sums.at<kSum, kColumns>(), sums.stride * 4), ...);
    } else {
      (clear_tile<kSum>(), ...);
    }
    for (int64_t step = 0; step < steps; ++step) {
      FA_FOR (part, kRightParts)
        multiply_part(left, left.data + step * left.step, right,
                      right.data + step * right.step + part * kBrick, Columns{},
                      typename MakeIndices<kRows * kLeftParts>::type{});
    }
    (store_tile<kSum>(sums.at<kSum, kColumns>(), sums.stride * 4), ...);
  }
};

/// sums (+)= left * right over `steps` bricks of depth, for kRows x kColumns tiles.
template <int kRows, int kColumns, int kLeftParts, int kRightParts>
FA_NOINLINE void multiply_bricks(const Bricks& left, const Bricks& right, int64_t steps, const TileSums& sums,
                                 bool add) {
  typedef BrickProduct<kRows, kColumns, kLeftParts, kRightParts> Product;
  Product::run(left, right, steps, sums, add, typename MakeIndices<kRows * kColumns>::type{});
}

/// The same for any number of rows and columns.
template <int kLeftParts, int kRightParts>
FA_NOINLINE void multiply_matrices(Bricks left, int64_t rows, const Bricks& right, int64_t columns,
                                   int64_t steps, TileSums sums, bool add) {
  for (; rows > 0; rows -= 2, left.data += 2 * left.outer, sums.data += 2 * kBrickRows * sums.stride) {
    Bricks from = right;
    TileSums to = sums;
    for (int64_t n = columns; n > 0; n -= 2, from.data += 2 * right.outer, to.data += 2 * kBrickRows) {
      if (rows >= 2 && n >= 2) {
        multiply_bricks<2, 2, kLeftParts, kRightParts>(left, from, steps, to, add);
      } else if (rows >= 2) {
        multiply_bricks<2, 1, kLeftParts, kRightParts>(left, from, steps, to, add);
      } else if (n >= 2) {
        multiply_bricks<1, 2, kLeftParts, kRightParts>(left, from, steps, to, add);
      } else {
        multiply_bricks<1, 1, kLeftParts, kRightParts>(left, from, steps, to, add);
      }
    }
  }
}

}  // namespace
}  // namespace fa::cpu::FA_TARGET
