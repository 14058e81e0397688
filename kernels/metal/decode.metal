// Few query rows against many keys. Keys are dealt out to threadgroups, the splits; a threadgroup walks its
// keys block by block:
//   scores    each simdgroup multiplies its keys of the block with all rows, S^T = K Q^T
//   softmax   the block's scores meet in threadgroup memory; every simdgroup updates all rows alike
//   values    each simdgroup owns a slice of the columns, O += P V
// As in forward.metal, a threadgroup that ends with an unexpected NaN starts again and takes care of NaN and
// infinity one by one.
#include "tile/decoder.h"
#include "tile/special_rows.h"

namespace fa {
using namespace metal;

constant bool splits_keys [[function_constant(constant_id::kSplitsKeys)]];
constant bool writes_rows = !splits_keys;
constant bool writes_row_lse = writes_lse && !splits_keys;
constant bool writes_row_stats = writes_stats && !splits_keys;
constant bool has_cache = has_pages || k_is_int8 || v_is_int8;

template <typename T, int width, int value_width, typename Tile>
[[kernel]] void decode(
    const device T* q [[buffer(binding::kQ)]], const device uchar* k [[buffer(binding::kK)]],
    const device uchar* v [[buffer(binding::kV)]],
    const device int* cache_pages [[buffer(binding::kCachePages), function_constant(has_pages)]],
    const device float* k_scales [[buffer(binding::kKScales), function_constant(k_is_int8)]],
    const device float* v_scales [[buffer(binding::kVScales), function_constant(v_is_int8)]],
    constant CacheParams& cache [[buffer(binding::kCacheParams), function_constant(has_cache)]],
    const device uchar* mask [[buffer(binding::kMask), function_constant(has_mask)]],
    const device uchar* bias [[buffer(binding::kBias), function_constant(has_bias)]],
    const device float* alibi_slopes [[buffer(binding::kAlibiSlopes), function_constant(has_alibi)]],
    const device float* sinks [[buffer(binding::kSinks), function_constant(has_sinks)]],
    const device Sequence* sequences [[buffer(binding::kSequences), function_constant(has_sequences)]],
    device T* out [[buffer(binding::kOut), function_constant(writes_rows)]],
    device float* lse [[buffer(binding::kLse), function_constant(writes_row_lse)]],
    device float* stats [[buffer(binding::kStats), function_constant(writes_row_stats)]],
    device float* partial_out [[buffer(binding::kPartialOut), function_constant(splits_keys)]],
    device float* partial_stats [[buffer(binding::kPartialStats), function_constant(splits_keys)]],
    constant AttentionParams& p [[buffer(binding::kParams)]],
    constant SplitParams& split [[buffer(binding::kSplitParams)]],
    uint group [[threadgroup_position_in_grid]], ushort simdgroup [[simdgroup_index_in_threadgroup]],
    ushort lane [[thread_index_in_simdgroup]]) {
  using Shape = DecodeShape<width, value_width, Tile>;
  threadgroup vec<T, 2> queries[Shape::kQueryPairs];
  threadgroup vec<float, 2> pages[Shape::kPage];  // two pages of floats, read in pairs
  threadgroup uint words[Tile::kSimdgroups];
  const SpecialRows<Tile::kSimdgroups> votes{words};
  Decoder<T, Shape> decoder(simdgroup, lane);
  thread PackedRows& rows = decoder.rows;

  // Find task: chunks of rows that read the same keys are neighbours in the grid
  const int chunks = blocks_of(p.query_heads / p.kv_heads * p.query_length, Shape::kRows);
  const int task = int(group) + p.first_task, part = task / chunks % split.splits;
  decoder.first_row = task % chunks * Shape::kRows;
  TaskInputs tasks;
  if (has_sequences) tasks.sequences = sequences;
  rows.open(p, tasks, task / chunks / split.splits);
  const BlockRange seen = visible_blocks(rows.sequence.band, 0, p.query_length, Shape::kBlock);
  const int share = split.keys_per_split / Shape::kBlock, begin = seen.begin + part * share;
  BlockRange range{begin, min(seen.end, begin + share)};

  // Stage queries
  DecodeMemory<T> from;
  from.k.open(k, p.k, k_is_int8 ? 1 : sizeof(T), rows);
  from.v.open(v, p.v, v_is_int8 ? 1 : sizeof(T), rows);
  if (has_cache) from.places.cache = &cache;
  if (has_pages) from.places.pages = cache_pages + rows.batch * cache.pages_batch;
  if (k_is_int8) from.k.open_scales(k_scales, cache.k_scale, rows);
  if (v_is_int8) from.v.open_scales(v_scales, cache.v_scale, rows);
  from.queries = queries;
  from.pages = reinterpret_cast<threadgroup float*>(pages);
  from.adds_sinks = part == 0;
  if (has_mask) from.added.mask = mask;
  if (has_bias) from.added.bias = bias;
  if (has_alibi) from.added.alibi_slopes = alibi_slopes;
  if (has_sinks) from.sinks = sinks;
  decoder.stage(queries, q, p);
  threadgroup_barrier(mem_flags::mem_threadgroup);  // the queries are there

  // Walk keys
  for (bool careful = false;; careful = true) {
    decoder.add_blocks(from, p, range, careful);
    const bool unexpected = decoder.finish();
    if (careful) break;
    votes.tell(unexpected ? 1 : 0, simdgroup, decoder.lane);
    threadgroup_barrier(mem_flags::mem_threadgroup);  // every simdgroup has told
    if (votes.rows() == 0) break;
  }

  // Write rows
  const Int64 distance = all_rows(p);
  if (splits_keys) {
    decoder.write_partial_out(partial_out + part * distance * p.value_dim, p);
    decoder.write_stats(partial_stats + 2 * part * distance, distance);
  }
  if (writes_rows) decoder.write_out(out, p);
  if (writes_row_lse) decoder.write_lse(lse, from);
  if (writes_row_stats) decoder.write_stats(stats, distance);
}

}  // namespace fa
