// From a threadgroup's number to the rows it works on.
#pragma once
#include "fa/params.h"
#include "stage.h"

namespace fa {
using namespace metal;

METAL_FUNC int blocks_of(int length, int rows) { return (length + rows - 1) / rows; }

METAL_FUNC int kv_head_of(constant AttentionParams& p, int query_head) {
  return query_head / (p.query_heads / p.kv_heads);
}

/// Query rows of all heads and sequences: the distance between the parts of statistics and row terms.
METAL_FUNC Int64 all_rows(constant AttentionParams& p) {
  return Int64(is_packed ? 1 : p.batch) * p.query_heads * p.query_length;
}

/// What tasks are read from; undefined where there is none.
struct TaskInputs {
  const device Sequence* sequences;
  const device TaskPlace* places;
};

METAL_FUNC void open_sequence(thread Sequence& sequence, constant AttentionParams& p,
                              thread const TaskInputs& inputs, int batch) {
  if (has_sequences) {
    const device Sequence& from = inputs.sequences[batch];
    sequence.first_query = from.first_query;
    sequence.first_key = from.first_key;
    sequence.queries = from.queries;
    sequence.stored_keys = from.stored_keys;
    sequence.offset = from.offset;
    sequence.band = from.band;
  } else {
    sequence.first_query = sequence.first_key = 0;
    sequence.queries = p.query_length;
    sequence.stored_keys = p.key_length;
    sequence.offset = p.offset;
    sequence.band = p.band;
  }
}

struct Task {
  int batch;
  int head;   ///< query head, or kv head of a key task
  int block;  ///< rows [block * rows, (block + 1) * rows) of the sequence
  Sequence sequence;

  METAL_FUNC void open(constant AttentionParams& p, thread const TaskInputs& inputs, int of_batch,
                       int of_head, int of_block) {
    batch = of_batch;
    head = of_head;
    block = of_block;
    open_sequence(sequence, p, inputs, batch);
  }

  /// Number `task` where sequences are packed: the list has the tasks of one head.
  METAL_FUNC void open_listed(constant AttentionParams& p, thread const TaskInputs& inputs, int heads,
                              int task) {
    const TaskPlace place = inputs.places[task / heads];
    open(p, inputs, place.sequence, task % heads, place.block);
  }

  /// Query blocks, the last ones of all heads first: under causality they have the most keys, and long tasks
  /// at the end of a grid leave cores idle.
  METAL_FUNC void open_queries(constant AttentionParams& p, thread const TaskInputs& inputs, uint group,
                               int rows) {
    const int task = int(group) + p.first_task;
    if (is_packed) {
      open_listed(p, inputs, p.query_heads, task);
    } else {
      const int heads = p.batch * p.query_heads, all = task % heads;
      open(p, inputs, all / p.query_heads, all % p.query_heads,
           blocks_of(p.query_length, rows) - 1 - task / heads);
    }
  }

  /// Place of the first row of a query head in an array of one float per query row.
  METAL_FUNC Int64 first_row(constant AttentionParams& p, int query_head) const {
    return batch * p.row_batch + query_head * p.row_head + (is_packed ? sequence.first_query : 0);
  }
};

/// From a tensor's start to the first row of a query head of the task's sequence: of q, out and their
/// gradients.
METAL_FUNC Int64 query_offset(RowStrides strides, thread const Task& task, int head) {
  return task.batch * strides.batch + head * strides.head +
         (is_packed ? task.sequence.first_query * strides.row : 0);
}

/// The same for a kv head: of k, v and their gradients.
METAL_FUNC Int64 key_offset(RowStrides strides, thread const Task& task, int kv_head) {
  return task.batch * strides.batch + kv_head * strides.head +
         (is_packed ? task.sequence.first_key * strides.row : 0);
}

/// Rows of a query head of the task's sequence.
template <typename T>
METAL_FUNC HeadRows<T> query_rows(const device T* tensor, RowStrides strides, thread const Task& task,
                                  int head, int dim) {
  return HeadRows<T>{tensor + query_offset(strides, task, head), int(strides.row), task.sequence.queries,
                     dim};
}

/// Rows of a kv head of the task's sequence: those that may be read.
template <typename T>
METAL_FUNC HeadRows<T> key_rows(const device T* tensor, RowStrides strides, thread const Task& task,
                                int kv_head, int dim) {
  return HeadRows<T>{tensor + key_offset(strides, task, kv_head), int(strides.row), task.sequence.band.keys,
                     dim};
}

}  // namespace fa
