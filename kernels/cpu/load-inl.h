// Rows of q, k and v as float32 rows, however they are stored: 16-bit, int8 with scales, in pages or packed
// end to end; turned by RoPE.
#pragma once
#include "rotate-inl.h"

namespace fa::cpu::FA_TARGET {
namespace {

/// Address of row i of a sequence in a tensor that lies as q does: q, out and their gradients.
FA_ALWAYS_INLINE char* query_address(const Attention& a, const Rows& rows, int64_t b, int64_t h, int64_t i) {
  return row_address(rows, a.element, b, h, a.sequences[b].first_query + i);
}

/// Address of key j of a sequence in a tensor that lies as k does, but neither in pages nor as int8.
FA_ALWAYS_INLINE char* key_address(const Attention& a, const Rows& rows, int64_t b, int64_t kv_head,
                                   int64_t j) {
  return row_address(rows, a.element, b, kv_head, a.sequences[b].first_key + j);
}

/// Of row i of a sequence in lse and the other arrays of one float per query row.
FA_ALWAYS_INLINE int64_t state_index(const Attention& a, int64_t b, int64_t h, int64_t i) {
  return b * a.row_batch + h * a.row_head + a.sequences[b].first_query + i;
}

/// Query rows [row, row + count) of a sequence, turned; see float_rows for `stride` and `buffer`.
FA_NOINLINE FloatRows query_rows(const Attention& a, int64_t b, int64_t h, int64_t row, int count,
                                 int64_t stride, float* buffer) {
  const char* from = query_address(a, a.q, b, h, row);
  const int width = static_cast<int>(a.head_dim);
  if (a.rotation.pairs == 0) return float_rows(a.element, from, a.q.row, count, width, stride, buffer);
  read_rows(a.element, from, a.q.row, count, width, buffer, stride);
  rotate_queries(a, b, row, count, Turn::forth, buffer, stride);
  return FloatRows{buffer, stride};
}

/// Keys [key, key + count) of a sequence, of one kv head.
struct KeyPlace {
  int64_t b, kv_head, key;
  int count;
};

/// Keys that lie at one distance from each other: all of a place, or those in one page.
struct KeyRun {
  int64_t batch, row;  ///< as Rows are addressed
  int count;
};

FA_ALWAYS_INLINE KeyRun first_run(const Attention& a, const KeyPlace& p) {
  if (!a.storage.pages) return KeyRun{p.b, a.sequences[p.b].first_key + p.key, p.count};
  const int64_t page = p.key / a.storage.page_size, row = p.key % a.storage.page_size;
  return KeyRun{a.storage.pages[p.b * a.storage.pages_batch + page], row,
                static_cast<int>(smaller<int64_t>(p.count, a.storage.page_size - row))};
}

/// `width` values of one int8 row times its scale.
FA_ALWAYS_INLINE void read_int8_row(const int8_t* from, float scale, int width, float* to) {
  const int whole = width / kLanes * kLanes;
  for (int d = 0; d < whole; d += kLanes) {
    SignedBytes bytes;
    __builtin_memcpy(&bytes, from + d, sizeof(bytes));
    // In two steps, because GCC takes the direct conversion apart lane by lane.
    const Bits wide = __builtin_convertvector(__builtin_convertvector(bytes, SignedHalves), Bits);
    store(to + d, __builtin_convertvector(wide, Vector) * scale);
  }
  for (int d = whole; d < width; ++d) to[d] = static_cast<float>(from[d]) * scale;
}

FA_NOINLINE void read_int8_rows(const Rows& rows, const RowScales& scales, int64_t kv_head, const KeyRun& run,
                                int width, float* out) {
  const int8_t* from = static_cast<const int8_t*>(rows.data) + run.batch * rows.batch + kv_head * rows.head;
  const float* scale = scales.data + run.batch * scales.batch + kv_head * scales.head;
  for (int64_t i = run.row; i < run.row + run.count; ++i, out += width)
    read_int8_row(from + i * rows.row, scale[i * scales.row], width, out);
}

/// Rows of k or v. In place if they are float rows side by side and `copy` is not asked for.
FA_NOINLINE FloatRows stored_rows(const Attention& a, const Rows& rows, const RowScales& scales, KeyPlace p,
                                  int64_t width, bool copy, float* buffer) {
  const FloatRows all{buffer, width};
  const int columns = static_cast<int>(width);
  for (float* to = buffer; p.count > 0;) {
    const KeyRun run = first_run(a, p);
    if (scales.data) {
      read_int8_rows(rows, scales, p.kv_head, run, columns, to);
    } else {
      const char* from = row_address(rows, a.element, run.batch, p.kv_head, run.row);
      if (run.count == p.count && to == buffer && !copy)
        return float_rows(a.element, from, rows.row, run.count, columns, width, buffer);
      read_rows(a.element, from, rows.row, run.count, columns, to, width);
    }
    p.key += run.count;
    p.count -= run.count;
    to += run.count * width;
  }
  return all;
}

/// Keys, turned, head_dim floats apart; `buffer` has room for them.
FA_ALWAYS_INLINE FloatRows key_rows(const Attention& a, const KeyPlace& p, float* buffer) {
  const bool turned = a.rotation.pairs > 0;
  const FloatRows rows = stored_rows(a, a.k, a.k_scale, p, a.head_dim, turned, buffer);
  if (turned) rotate_keys(a, p.b, p.key, p.count, Turn::forth, buffer, a.head_dim);
  return rows;
}

/// Values, value_dim floats apart; `buffer` has room for them.
FA_ALWAYS_INLINE FloatRows value_rows(const Attention& a, const KeyPlace& p, float* buffer) {
  return stored_rows(a, a.v, a.v_scale, p, a.value_dim, false, buffer);
}

}  // namespace
}  // namespace fa::cpu::FA_TARGET
