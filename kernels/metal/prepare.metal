// Rows of q, k, v and others on their way to scratch or back: gathered from pages, dequantised, rotated
// (RoPE), converted. The kernels that attend then find plain rows. A simdgroup takes some rows of one head; a
// lane takes pairs of columns.
#include "fa/bindings.h"
#include "fa/params.h"
#include "tile/tile.h"

namespace fa {
using namespace metal;

/// The buffers. What a copy does not need is bound to something else, and not read. Gradients of T are turned
/// back in place, which only `to` is bound for: Metal takes it that no two buffers overlap.
struct CopyMemory {
  const device uchar* from;
  device uchar* to;
  const device float* scales;
  const device int* pages;
  const device float* cosines;
  const device float* sines;
  const device int* positions;
};

/// Two columns of a row.
struct Pair {
  int first, second;
};

/// Where a row is in each of the tensors, in elements, and how it is turned.
struct CopiedRow {
  Int64 from, to, cosines, sines;
  float scale;
  bool turns;

  METAL_FUNC void open(constant RowCopy& c, thread const CopyMemory& memory, thread const Sequence& sequence,
                       int batch, int head, int row) {
    const int token = row + (c.of_queries ? sequence.first_query : sequence.first_key);
    int place = batch, place_row = token;
    if (c.page_size > 0) {
      place = memory.pages[batch * c.pages_batch + row / c.page_size];
      place_row = row % c.page_size;
    }
    from = place * c.from.batch + head * c.from.head + place_row * c.from.row;
    to = batch * c.to.batch + head * c.to.head + token * c.to.row;
    scale = 1;
    if (c.from_elements == kElementsInt8)
      scale = memory.scales[place * c.scales.batch + head * c.scales.head + place_row * c.scales.row];
    turns = c.pairs > 0 && (c.of_queries || row < sequence.band.keys);
    if (!turns) return;
    const int counted = c.of_queries ? row + sequence.band.keys - sequence.queries : row;
    const int position = c.has_positions ? memory.positions[batch * c.positions_batch + token] : counted;
    cosines = position * c.cos_row;
    sines = position * c.sin_row;
  }
};

METAL_FUNC Pair pair_of(constant RowCopy& c, int unit) {
  if (c.interleaved || unit >= c.pairs) return Pair{2 * unit, 2 * unit + 1};
  return Pair{unit, unit + c.pairs};
}

template <typename T>
METAL_FUNC float read_element(constant RowCopy& c, thread const CopyMemory& memory,
                              thread const CopiedRow& row, int column) {
  const Int64 index = row.from + column;
  if (c.from_elements == kElementsInt8)
    return float(reinterpret_cast<const device char*>(memory.from)[index]) * row.scale;
  if (c.from_elements == kElementsFloat) return reinterpret_cast<const device float*>(memory.from)[index];
  return float(reinterpret_cast<const device T*>(memory.from)[index]);
}

template <typename T>
METAL_FUNC void write_element(constant RowCopy& c, thread const CopyMemory& memory,
                              thread const CopiedRow& row, int column, float value) {
  if (c.to_elements == kElementsFloat) {
    reinterpret_cast<device float*>(memory.to)[row.to + column] = value;
  } else {
    reinterpret_cast<device T*>(memory.to)[row.to + column] = T(value);
  }
}

/// A pair of columns; the last of an odd number of columns is alone.
template <typename T>
METAL_FUNC void copy_pair(constant RowCopy& c, thread const CopyMemory& memory, thread const CopiedRow& row,
                          int unit) {
  const Pair pair = pair_of(c, unit);
  const bool is_pair = pair.second < c.columns;
  float x = read_element<T>(c, memory, row, pair.first);
  float y = is_pair ? read_element<T>(c, memory, row, pair.second) : 0;
  if (row.turns && unit < c.pairs) {
    const float cosine = memory.cosines[row.cosines + unit], sine = memory.sines[row.sines + unit];
    const float turn = c.back ? -sine : sine;
    const float turned = x * cosine - y * turn;
    y = y * cosine + x * turn;
    x = turned;
  }
  write_element<T>(c, memory, row, pair.first, x);
  if (is_pair) write_element<T>(c, memory, row, pair.second, y);
}

template <typename T, int width, int value_width, typename Tile>
[[kernel]] void prepare(const device uchar* from [[buffer(binding::kCopyFrom)]],
                        device uchar* to [[buffer(binding::kCopyTo)]],
                        const device float* scales [[buffer(binding::kCopyScales)]],
                        const device int* pages [[buffer(binding::kCopyPages)]],
                        const device float* cosines [[buffer(binding::kCopyCos)]],
                        const device float* sines [[buffer(binding::kCopySin)]],
                        const device int* positions [[buffer(binding::kCopyPositions)]],
                        const device Sequence* sequences [[buffer(binding::kSequences)]],
                        const device TaskPlace* places [[buffer(binding::kTaskList)]],
                        constant AttentionParams& p [[buffer(binding::kParams)]],
                        constant RowCopy& c [[buffer(binding::kRowCopy)]],
                        uint group [[threadgroup_position_in_grid]],
                        ushort simdgroup [[simdgroup_index_in_threadgroup]],
                        ushort lane [[thread_index_in_simdgroup]]) {
  const int task = int(group) + p.first_task, head = task % c.heads;
  const TaskPlace place = places[task / c.heads];
  const Sequence sequence = sequences[place.sequence];
  CopyMemory memory{from, to, scales, pages, cosines, sines, positions};
  if (c.back && c.from_elements == kElementsOfT) memory.from = to;
  const int stored = c.past_length ? sequence.stored_keys : sequence.band.keys;
  const int first = place.block * Tile::kGroupRows + simdgroup * Tile::kRows;
  const int end = min(first + Tile::kRows, c.of_queries ? sequence.queries : stored);
  const int units = (c.columns + 1) / 2;

  for (int row = first; row < end; ++row) {
    CopiedRow copied;
    copied.open(c, memory, sequence, place.sequence, head, row);
    for (int unit = lane; unit < units; unit += 32) copy_pair<T>(c, memory, copied, unit);
  }
}

}  // namespace fa
