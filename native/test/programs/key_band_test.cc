// Enumerates small bands: every function of key_band.h against its definition, key by key.
#include "fa/key_band.h"

#include <cstdio>
#include <cstdlib>
#include <initializer_list>

namespace {

using fa::BlockRange;
using fa::KeyBand;

long checks = 0;

bool visible(KeyBand band, int row, int key) {
  return key >= 0 && key < band.keys && key >= row + band.lo && key <= row + band.hi;
}

int visible_keys(KeyBand band, int row, int rows, int first, int count) {
  int sum = 0;
  for (int i = row; i < row + rows; ++i) {
    for (int j = first; j < first + count; ++j) sum += visible(band, i, j);
  }
  return sum;
}

void expect(bool truth, const char* what, KeyBand band, int a, int b, int c) {
  ++checks;
  if (truth) return;
  std::printf("%s: lo %d hi %d keys %d, arguments %d %d %d\n", what, band.lo, band.hi, band.keys, a, b, c);
  std::exit(1);
}

bool inside(BlockRange range, int index) { return index >= range.begin && index < range.end; }

void check_blocks(KeyBand band, int row, int rows, int block) {
  const BlockRange some = fa::visible_blocks(band, row, rows, block);
  const BlockRange full = fa::full_blocks(band, row, rows, block);
  for (int index = 0; index * block < band.keys + 2 * block; ++index) {
    const int seen = visible_keys(band, row, rows, index * block, block);
    // Between the first and the last visible block none is empty, because lo <= hi: the range is exact.
    expect(inside(some, index) == (seen > 0), "visible_blocks", band, row, rows, block);
    expect(inside(full, index) == (seen == rows * block), "full_blocks", band, row, rows, block);
  }
}

void check_rows(KeyBand band, int key, int count, int rows) {
  const BlockRange range = fa::visible_rows(band, key, count, rows);
  for (int row = 0; row < rows; ++row) {
    expect(inside(range, row) == (visible_keys(band, row, 1, key, count) > 0), "visible_rows", band, key,
           count, rows);
  }
  expect(range.begin >= 0 && range.end <= rows, "visible_rows stays inside", band, key, count, rows);
}

void check_band(KeyBand band) {
  constexpr int kRows = 7;
  for (int row = 0; row < kRows; ++row) {
    for (int rows = 1; row + rows <= kRows; ++rows) {
      for (const int block : {1, 2, 3, 4}) check_blocks(band, row, rows, block);
    }
  }
  for (int key = 0; key < band.keys + 2; ++key) {
    for (int count = 1; count <= 4; ++count) {
      for (const int rows : {1, 2, 5, kRows}) check_rows(band, key, count, rows);
    }
  }
}

}  // namespace

int main() {
  const int limits[] = {-fa::kUnbounded, -9, -4, -3, -2, -1, 0, 1, 2, 3, 4, 9, fa::kUnbounded};
  for (const int lo : limits) {
    for (const int hi : limits) {
      if (hi < lo) continue;
      for (int keys = 0; keys <= 8; ++keys) check_band({lo, hi, keys});
    }
  }
  std::printf("%ld checks\n", checks);
}
