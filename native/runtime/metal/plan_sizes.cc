#include "metal/plan_sizes.h"

#include <algorithm>
#include <limits>

#include "generated/limits.h"
#include "metal/saturating.h"

namespace fa::metal {

namespace {

/// Keys below which merging another split would cost more than it saves. Not measured on Apple hardware.
constexpr int64_t kFewKeys = 128;

Refusal unsupported(const char* argument, const std::string& expected, const std::string& got) {
  return {ErrorCode::UNSUPPORTED, argument, "expected " + expected + ", got " + got};
}

std::optional<Refusal> too_many_bytes(const char* argument, int64_t bytes, int64_t limit) {
  if (limit == 0 || bytes <= limit) return std::nullopt;
  return unsupported(argument,
                     "at most " + std::to_string(limit) + " bytes, the longest buffer of this device",
                     std::to_string(bytes));
}

/// Splits that are worth their cost and fit.
int64_t choose_splits(const Problem& problem, int64_t unsplit_tasks, int64_t keys, int64_t limit) {
  if (unsplit_tasks == 0) return 1;
  const int64_t bytes = product({query_rows(problem), problem.value_dim + 2, sizeof(float)});
  const int64_t most = std::min({ceil_divide(keys, kFewKeys), limit / bytes, kMaxMetalSplits});
  return std::clamp<int64_t>(ceil_divide(kBusyThreadgroups, unsplit_tasks), 1, std::max<int64_t>(most, 1));
}

/// Key blocks that the rows of a kv head go through.
int64_t most_key_blocks(const Problem& problem, int block) {
  const int rows = static_cast<int>(std::max<int64_t>(problem.query_length, 1));
  if (!problem.ragged()) {
    const BlockRange visible = visible_blocks(problem.band, 0, rows, block);
    return visible.end - visible.begin;
  }
  // A window moves with the length, so that it may begin inside of a block.
  const int64_t reach = int64_t{problem.band.hi} - problem.band.lo + rows;
  return std::min(ceil_divide(problem.key_length, block),
                  ceil_divide(std::max<int64_t>(reach, 0), block) + 1);
}

}  // namespace

int64_t group_of(const Problem& problem) { return problem.query_heads / problem.kv_heads; }

int64_t rows_per_kv_head(const Problem& problem) {
  return product({group_of(problem), problem.query_length});
}

int64_t all_heads(const Problem& problem) {
  return problem.packed() ? problem.query_heads : product({problem.batch, problem.query_heads});
}

int64_t query_rows(const Problem& problem) { return product({all_heads(problem), problem.query_length}); }

TaskAxis task_axis(MetalKernel kernel) {
  switch (kernel) {
    case MetalKernel::forward:
    case MetalKernel::delta:
    case MetalKernel::dq:
      return TaskAxis::queries;
    case MetalKernel::dkv:
      return TaskAxis::keys;
    default:
      return TaskAxis::none;
  }
}

int64_t tasks_of(const MetalVariant& variant, const Problem& problem, int64_t heads, int64_t splits) {
  const int64_t group = group_of(problem);
  // Each sequence may end with a block that is not full.
  const int64_t ends = problem.packed() ? problem.batch : 0;
  const int64_t group_rows = rows_per_kv_head(problem);
  const int64_t tile = int64_t{variant.rows} * variant.simdgroups;
  switch (variant.kernel) {
    case MetalKernel::forward:
    case MetalKernel::delta:
    case MetalKernel::dq:
    case MetalKernel::dqStored:
      return product({heads, ceil_divide(problem.query_length, tile) + ends});
    case MetalKernel::dkv:
      return product({heads / group, ceil_divide(problem.key_length, tile) + ends});
    case MetalKernel::shortDkv:
      return product({heads / group, ceil_divide(problem.key_length, variant.block * variant.simdgroups)});
    case MetalKernel::shortDq:
      return product({heads / group, ceil_divide(group_rows, variant.rows)});
    case MetalKernel::decode:
      return product({heads / group, ceil_divide(group_rows, variant.rows), splits});
    case MetalKernel::decodeReduce:
      return ceil_divide(query_rows(problem), variant.simdgroups);
    default:
      return 0;  // helpers: by what they sum or copy
  }
}

std::optional<Refusal> no_bfloat(const Problem& problem, const Capabilities& capabilities) {
  if (problem.dtype != DType::bfloat16 || capabilities.bfloat) return std::nullopt;
  return unsupported("q", "float32 or float16, because this device's Metal has no bfloat (macOS 14 has)",
                     "bfloat16");
}

std::optional<Refusal> too_large(const Problem& problem, const Capabilities& capabilities) {
  constexpr int64_t kMaxHeads = std::numeric_limits<int32_t>::max();
  if (all_heads(problem) > kMaxHeads) {
    return unsupported("q", "B * Hq of at most " + std::to_string(kMaxHeads),
                       std::to_string(all_heads(problem)));
  }
  const OutputShapes shapes = output_shapes(problem);
  const int64_t limit = capabilities.max_buffer_bytes;
  const auto check = [&](const char* argument, const std::array<int64_t, 4>& shape) {
    const int64_t bytes = product({shape[0], shape[1], shape[2], shape[3], element_size(problem.dtype)});
    return too_many_bytes(argument, bytes, limit);
  };
  if (auto refused = check("q", shapes.dq)) return refused;
  if (auto refused = check("k", shapes.dk)) return refused;
  if (auto refused = check("v", shapes.dv)) return refused;
  if (auto refused = check("out", shapes.out)) return refused;
  return too_many_bytes("lse", product({3, query_rows(problem), sizeof(float)}), limit);
}

int64_t scratch_limit(const Capabilities& capabilities) {
  if (capabilities.max_buffer_bytes == 0) return kMaxMetalScratch;
  return std::min(kMaxMetalScratch, capabilities.max_buffer_bytes);
}

KeySplits split_keys(const Problem& problem, const MetalVariant& decode, int64_t asked, int64_t limit) {
  const int64_t blocks = most_key_blocks(problem, decode.block);
  KeySplits splits{asked, 0};
  if (asked == 0) {
    const int64_t unsplit = tasks_of(decode, problem, all_heads(problem), 1);
    splits.count = choose_splits(problem, unsplit, blocks * decode.block, limit);
  }
  splits.keys = std::max<int64_t>(ceil_divide(blocks, splits.count), 1) * decode.block;
  return splits;
}

int64_t d_scores_bytes(const Problem& problem) {
  return product({problem.query_length, d_scores_stride(problem.key_length), element_size(problem.dtype)});
}

int64_t heads_that_fit(const Problem& problem, int64_t limit) {
  const int64_t group_bytes = product({group_of(problem), d_scores_bytes(problem)});
  const int64_t kv_heads = product({problem.batch, problem.kv_heads});
  if (group_bytes == 0 || kv_heads == 0) return all_heads(problem);
  const int64_t at_once = std::min(limit / group_bytes, kv_heads);
  if (at_once == 0) return 0;
  return ceil_divide(kv_heads, ceil_divide(kv_heads, at_once)) * group_of(problem);
}

}  // namespace fa::metal
