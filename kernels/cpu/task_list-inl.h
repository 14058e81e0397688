// Blocks of query rows of all sequences, heaviest first: a task is one of them for one head. Sequences have
// lengths of their own, so a formula would leave tasks without rows.
#pragma once
#include "fa/params.h"
#include "pack-inl.h"

namespace fa::cpu::FA_TARGET {
namespace {

/// The most blocks of `block` rows that the sequences can have, and what they have where all are alike.
FA_ALWAYS_INLINE int64_t most_blocks(const Attention& a, int64_t block) {
  if (a.packed) return a.query_length / block + smaller(a.batch, a.query_length);
  return a.batch * ((a.query_length + block - 1) / block);
}

/// Floats that hold a list of so many blocks.
FA_ALWAYS_INLINE int64_t list_floats(int64_t blocks) {
  return blocks * static_cast<int64_t>(sizeof(TaskPlace) / sizeof(float));
}

struct ListShape {
  int query_block, key_block;
};

/// Rows of a block times the key blocks that they go through.
FA_ALWAYS_INLINE int64_t weight_of(const Sequence& s, int block, const ListShape& shape) {
  const int row = block * shape.query_block, rows = smaller(shape.query_block, s.queries - row);
  const BlockRange seen = visible_blocks(s.band, row, rows, shape.key_block);
  return int64_t{rows} * (seen.end - seen.begin);
}

/// Visits the blocks of all sequences: visit(sequence, block, weight).
template <class Visit>
FA_ALWAYS_INLINE void for_each_block(const Attention& a, const ListShape& shape, Visit&& visit) {
  for (int b = 0; b < a.batch; ++b) {
    const Sequence& s = a.sequences[b];
    const int blocks = static_cast<int>((int64_t{s.queries} + shape.query_block - 1) / shape.query_block);
    for (int block = blocks - 1; block >= 0; --block) visit(b, block, weight_of(s, block, shape));
  }
}

/// Fills `list`, which has room for most_blocks(); returns how many there are. Sorted by counting, into
/// classes of similar weight.
FA_NOINLINE int64_t list_blocks(const Attention& a, const ListShape& shape, TaskPlace* list) {
  constexpr int kClasses = 64;
  int64_t most = 1;
  for_each_block(a, shape, [&](int, int, int64_t weight) { most = larger(most, weight); });
  const auto class_of = [&](int64_t weight) { return kClasses - 1 - weight * (kClasses - 1) / most; };
  int64_t next[kClasses + 1] = {};
  for_each_block(a, shape, [&](int, int, int64_t weight) { ++next[class_of(weight) + 1]; });
  for (int i = 0; i < kClasses; ++i) next[i + 1] += next[i];
  const int64_t count = next[kClasses];
  for_each_block(a, shape, [&](int b, int block, int64_t weight) {
    list[next[class_of(weight)]++] = TaskPlace{b, block};
  });
  return count;
}

}  // namespace
}  // namespace fa::cpu::FA_TARGET
