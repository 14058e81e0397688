// Rows of 16-bit keys and values, wherever they are stored.
#pragma once
#include "load-inl.h"
#include "memory-inl.h"
#include "parts-inl.h"

namespace fa::cpu::FA_TARGET {
namespace {

FA_ALWAYS_INLINE uint16_t* take_halves(Carver& c, int64_t n) {
  return reinterpret_cast<uint16_t*>(c.take((n + 1) / 2));
}

/// Rows of k or v where they are, or gathered from pages into `buffer`.
FA_NOINLINE HalfRows stored_half_rows(const Attention& a, const Rows& rows, KeyPlace p, int64_t width,
                                      uint16_t* buffer) {
  const int columns = static_cast<int>(width);
  const HalfRows all{reinterpret_cast<const char*>(buffer), width, p.count, columns};
  for (uint16_t* to = buffer; p.count > 0;) {
    const KeyRun run = first_run(a, p);
    const char* from = row_address(rows, a.element, run.batch, p.kv_head, run.row);
    if (run.count == p.count && to == buffer) return HalfRows{from, rows.row, run.count, columns};
    for (int i = 0; i < run.count; ++i, to += width)
      __builtin_memcpy(to, from + i * rows.row * 2, static_cast<size_t>(width) * 2);
    p.key += run.count;
    p.count -= run.count;
  }
  return all;
}

}  // namespace
}  // namespace fa::cpu::FA_TARGET
