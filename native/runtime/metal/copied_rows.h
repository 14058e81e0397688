// Which rows kernels do not find where, or as, the caller has them, and the scratch that they take.
#pragma once
#include "generated/metal_variants.h"
#include "problem.h"

namespace fa::metal {

/// `queries` is out and dOut.
enum class RowKind : uint8_t { q, k, v, queries, dq, dk, dv };

inline bool of_queries(RowKind kind) {
  return kind == RowKind::q || kind == RowKind::queries || kind == RowKind::dq;
}

int64_t heads_of(RowKind kind, const Problem& problem);
int64_t columns_of(RowKind kind, const Problem& problem);

/// What a problem has copied.
struct CopiedRows {
  bool q = false, k = false, v = false;
  /// 16-bit q and k that RoPE or a scale changes: to round them again would cost lse its accuracy, so that
  /// all rows are computed in float32.
  bool widens = false;

  bool any() const { return q || k || v; }
};

/// decode.metal reads pages and int8 where they are.
CopiedRows copied_rows(const Problem& problem, MetalRoute route);

/// Of the kernels' elements.
DType computed_dtype(const Problem& problem, MetalRoute route);

/// Bytes of scratch; an upper bound where sequences have lengths of their own.
int64_t copied_bytes(const Problem& problem, MetalRoute route);

/// Of one of them: [B, H, rows, columns] of the kernels' elements; packed sequences are one batch.
int64_t copied_bytes_of(RowKind kind, const Problem& problem, DType computed, int64_t rows);

}  // namespace fa::metal
