#include "metal/copied_rows.h"

#include <limits>

#include "metal/saturating.h"

namespace fa::metal {

namespace {

bool of_values(RowKind kind) { return kind == RowKind::v || kind == RowKind::queries || kind == RowKind::dv; }

}  // namespace

int64_t heads_of(RowKind kind, const Problem& problem) {
  return of_queries(kind) ? problem.query_heads : problem.kv_heads;
}

int64_t columns_of(RowKind kind, const Problem& problem) {
  return of_values(kind) ? problem.value_dim : problem.head_dim;
}

int64_t copied_bytes_of(RowKind kind, const Problem& problem, DType computed, int64_t rows) {
  return product({problem.packed() ? 1 : problem.batch, heads_of(kind, problem), rows,
                  columns_of(kind, problem), element_size(computed)});
}

CopiedRows copied_rows(const Problem& problem, MetalRoute route) {
  const bool rotates = problem.rotary_pairs > 0, paged = problem.page_size > 0;
  const bool scaled = problem.has(Feature::k_scale);
  CopiedRows rows;
  if (route == MetalRoute::decode && !rotates) return rows;
  rows.widens = problem.dtype != DType::float32 && (rotates || scaled);
  rows.q = rows.widens || rotates;
  rows.k = rows.widens || rotates || scaled || paged;
  rows.v = rows.widens || paged || problem.has(Feature::v_scale);
  return rows;
}

DType computed_dtype(const Problem& problem, MetalRoute route) {
  return copied_rows(problem, route).widens ? DType::float32 : problem.dtype;
}

int64_t copied_bytes(const Problem& problem, MetalRoute route) {
  const CopiedRows rows = copied_rows(problem, route);
  const DType computed = computed_dtype(problem, route);
  int64_t bytes = 0;
  const auto add = [&](bool copied, RowKind kind, int64_t length) {
    const int64_t more = copied ? copied_bytes_of(kind, problem, computed, length) : 0;
    if (__builtin_add_overflow(bytes, more, &bytes)) bytes = std::numeric_limits<int64_t>::max();
  };
  add(rows.q, RowKind::q, problem.query_length);
  add(rows.k, RowKind::k, problem.key_length);
  add(rows.v, RowKind::v, problem.key_length);
  add(rows.widens, RowKind::queries, problem.query_length);
  if (!rows.widens || problem.direction == Direction::forward) return bytes;
  add(true, RowKind::queries, problem.query_length);
  add(true, RowKind::dq, problem.query_length);
  add(true, RowKind::dk, problem.key_length);
  add(true, RowKind::dv, problem.key_length);
  return bytes;
}

}  // namespace fa::metal
