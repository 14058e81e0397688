// From a threadgroup's number to the rows it works on.
#pragma once
#include "fa/params.h"
#include "stage.h"

namespace fa {
using namespace metal;

struct Task {
  int batch;
  int head;   ///< query head, or kv head of a key task
  int block;  ///< rows [block * rows, (block + 1) * rows) of that head

  /// Place of (batch, head) row 0 in a [B, Hq, Lq] array.
  METAL_FUNC Int64 first_row(constant AttentionParams& p) const {
    return (Int64(batch) * p.query_heads + head) * p.query_length;
  }
};

METAL_FUNC int blocks_of(int length, int rows) { return (length + rows - 1) / rows; }

/// Query blocks, the last ones of all heads first: under causality they have the most keys, and long tasks at
/// the end of a grid leave cores idle.
METAL_FUNC Task query_task(constant AttentionParams& p, uint group, int rows) {
  const int heads = p.batch * p.query_heads, task = int(group) + p.first_task;
  const int head = task % heads;
  return Task{head / p.query_heads, head % p.query_heads, blocks_of(p.query_length, rows) - 1 - task / heads};
}

/// Key blocks, the first ones of all kv heads first: under causality most rows see them.
METAL_FUNC Task key_task(constant AttentionParams& p, uint group) {
  const int heads = p.batch * p.kv_heads, task = int(group) + p.first_task;
  const int head = task % heads;
  return Task{head / p.kv_heads, head % p.kv_heads, task / heads};
}

METAL_FUNC int kv_head_of(constant AttentionParams& p, int query_head) {
  return query_head / (p.query_heads / p.kv_heads);
}

/// The rows of one head. `rows` and `dim` may be read.
template <typename T>
METAL_FUNC HeadRows<T> head_rows(const device T* tensor, RowStrides strides, int batch, int head, int rows,
                                 int dim) {
  return HeadRows<T>{tensor + batch * strides.batch + head * strides.head, int(strides.row), rows, dim};
}

}  // namespace fa
