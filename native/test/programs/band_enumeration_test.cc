// Every call of up to 70 queries and 70 keys: fold_band against the words of the contract, pair by pair, and
// the ranges of blocks that kernels loop over against the pairs themselves.
#include <cstdio>
#include <cstdlib>
#include <set>
#include <utility>
#include <vector>

#include "fa/key_band.h"

namespace {

using fa::BandRule;
using fa::BlockRange;
using fa::KeyBand;
/// One bit for each key of a row, or each row of a key.
using Bits = unsigned __int128;

constexpr int kLongest = 70;
constexpr int kWidestSide = 8;
/// Rows, or keys, that a kernel takes at once; and the blocks that it then loops over.
constexpr int kTiles[] = {1, 8, 32};
constexpr int kBlocks[] = {8, 32, 64};

long checks = 0, bands = 0, calls = 0;

/// What the options of a call say about the diagonal.
struct Diagonal {
  bool causal, bottom_right;
  int offset;
};

/// One call, and which pairs are visible.
struct Call {
  int queries, keys;
  Diagonal diagonal;
  int left, right;  ///< -1: unbounded
  KeyBand band;
  std::vector<Bits> rows, columns;
};

Bits ones(int first, int count) {
  const Bits low = count >= 128 ? ~Bits{0} : (Bits{1} << count) - 1;
  return first >= 128 ? 0 : low << first;
}

void expect(bool truth, const char* what, const Call& call, int a, int b) {
  ++checks;
  if (truth) return;
  std::printf("%s %d %d: Lq %d Lk %d causal %d bottomRight %d offset %d left %d right %d (band %d %d)\n",
              what, a, b, call.queries, call.keys, call.diagonal.causal, call.diagonal.bottom_right,
              call.diagonal.offset, call.left, call.right, call.band.lo, call.band.hi);
  std::exit(1);
}

/// The contract: causal, j <= i + off; window, i + off - left <= j <= i + off + right.
bool visible(const Call& call, int i, int j) {
  const int offset = call.diagonal.bottom_right ? call.keys - call.queries : call.diagonal.offset;
  if (call.diagonal.causal && j > i + offset) return false;
  if (call.left >= 0 && j < i + offset - call.left) return false;
  return call.right < 0 || j <= i + offset + call.right;
}

/// Keys of a row as its band has them.
Bits band_row(KeyBand band, int row) {
  const int first = fa::fa_max(row + band.lo, 0), last = fa::fa_min(row + band.hi, band.keys - 1);
  return first > last ? 0 : ones(first, last - first + 1);
}

void fold(Call& call) {
  const auto reach = [](int side) { return side < 0 ? fa::kFar : fa::Int64{side}; };
  const BandRule rule{call.diagonal.offset, call.diagonal.bottom_right, call.diagonal.causal,
                      reach(call.left), reach(call.right)};
  call.band = fa::fold_band(rule, call.queries, call.keys);
  call.rows.assign(static_cast<size_t>(call.queries), 0);
  call.columns.assign(static_cast<size_t>(call.keys), 0);
  for (int i = 0; i < call.queries; ++i) {
    for (int j = 0; j < call.keys; ++j) {
      if (!visible(call, i, j)) continue;
      call.rows[static_cast<size_t>(i)] |= Bits{1} << j;
      call.columns[static_cast<size_t>(j)] |= Bits{1} << i;
    }
    expect(band_row(call.band, i) == call.rows[static_cast<size_t>(i)], "fold_band, row", call, i, 0);
  }
  expect(call.band.keys == call.keys && call.band.lo <= call.band.hi, "fold_band", call, 0, 0);
}

bool inside(BlockRange range, int index) { return index >= range.begin && index < range.end; }

/// Blocks along the other axis that lines [line, line + count) see in part, and whole.
void check_blocks(const Call& call, KeyBand band, const std::vector<Bits>& lines, int line, int count) {
  Bits any = 0, all = ~Bits{0};
  for (int n = line; n < line + count; ++n) {
    any |= lines[static_cast<size_t>(n)];
    all &= lines[static_cast<size_t>(n)];
  }
  for (const int block : kBlocks) {
    const BlockRange some = fa::visible_blocks(band, line, count, block);
    const BlockRange full = fa::full_blocks(band, line, count, block);
    for (int index = 0; index * block <= band.keys; ++index) {
      const Bits tile = ones(index * block, block);
      expect(inside(some, index) == ((any & tile) != 0), "visible_blocks", call, line, block);
      expect(inside(full, index) == ((all & tile) == tile && (index + 1) * block <= band.keys), "full_blocks",
             call, line, block);
    }
    expect(some.begin >= 0 && full.begin >= 0 && some.end * block < band.keys + block, "blocks exist", call,
           line, block);
  }
}

/// Rows that see some of keys [key, key + count).
void check_rows(const Call& call, int key, int count) {
  const BlockRange range = fa::visible_rows(call.band, key, count, call.queries);
  for (int row = 0; row < call.queries; ++row) {
    const bool seen = (call.rows[static_cast<size_t>(row)] & ones(key, count)) != 0;
    expect(inside(range, row) == seen, "visible_rows", call, key, count);
  }
  expect(range.begin >= 0 && range.end <= call.queries, "visible_rows exist", call, key, count);
}

void check_ranges(const Call& call) {
  ++bands;
  const KeyBand turned = fa::transposed(call.band, call.queries);
  for (const int tile : kTiles) {
    for (int row = 0; row < call.queries; row += tile) {
      check_blocks(call, call.band, call.rows, row, fa::fa_min(tile, call.queries - row));
    }
    for (int key = 0; key < call.keys; key += tile) {
      check_rows(call, key, tile);
      check_blocks(call, turned, call.columns, key, fa::fa_min(tile, call.keys - key));
    }
  }
}

/// Each band of these lengths once; many calls fold to the same.
void check_lengths(int queries, int keys) {
  constexpr Diagonal kDiagonals[] = {{false, false, 0}, {false, true, 0},   {false, false, -7},
                                     {false, false, 5}, {false, false, 66}, {true, false, 0},
                                     {true, true, 0},   {true, false, -3},  {true, false, 4},
                                     {true, false, 71}, {true, false, -71}};
  std::set<std::pair<int, int>> seen;
  for (const Diagonal& diagonal : kDiagonals) {
    for (int left = -1; left <= kWidestSide; ++left) {
      for (int right = -1; right <= kWidestSide; ++right) {
        ++calls;
        Call call{queries, keys, diagonal, left, right, {}, {}, {}};
        fold(call);
        if (seen.insert({call.band.lo, call.band.hi}).second) check_ranges(call);
      }
    }
  }
}

}  // namespace

int main() {
  for (int queries = 0; queries <= kLongest; ++queries) {
    for (int keys = 0; keys <= kLongest; ++keys) check_lengths(queries, keys);
  }
  std::printf("%ld calls, %ld bands, %ld checks\n", calls, bands, checks);
}
