// Counts of a plan: threadgroups, splits of the keys, scratch, and what is too large for a device.
#pragma once
#include <optional>

#include "backend.h"
#include "generated/metal_variants.h"
#include "metal/gpu.h"

namespace fa::metal {

/// As many threadgroups as keep the larger chips busy. Not measured on Apple hardware.
inline constexpr int64_t kBusyThreadgroups = 256;

/// Bytes of each scratch buffer.
struct MetalScratch {
  int64_t row_terms = 0;
  int64_t d_scores = 0;
  int64_t partial_out = 0;
  int64_t partial_stats = 0;
  int64_t slope_terms = 0;
  int64_t bias_parts = 0;
  int64_t prepared = 0;  ///< rows of q, k, v ... that are not where, or what, kernels read and write

  int64_t total() const {
    return row_terms + d_scores + partial_out + partial_stats + slope_terms + bias_parts + prepared;
  }
};

/// Decode: the key blocks that some row sees are dealt out to `count` threadgroups.
struct KeySplits {
  int64_t count = 1;
  int64_t keys = 0;  ///< to each
};

/// Hq / Hkv.
int64_t group_of(const Problem& problem);

/// Lq * Hq / Hkv: query rows that share a kv head.
int64_t rows_per_kv_head(const Problem& problem);

/// B * Hq; of packed sequences Hq, whose rows are those of all sequences.
int64_t all_heads(const Problem& problem);

/// B * Hq * Lq; of packed sequences Hq * Tq.
int64_t query_rows(const Problem& problem);

/// What a threadgroup has a block of, where sequences may be packed.
enum class TaskAxis : uint8_t { none, queries, keys };

TaskAxis task_axis(MetalKernel kernel);

/// Threadgroups over `heads` query heads of the flattened B * Hq, whole groups of them. An upper bound where
/// sequences are packed: how many blocks they have is known with their lengths.
int64_t tasks_of(const MetalVariant& variant, const Problem& problem, int64_t heads, int64_t splits);

/// A dtype that the device does not know.
std::optional<Refusal> no_bfloat(const Problem& problem, const Capabilities& capabilities);

/// Tensors that no buffer of the device can hold.
std::optional<Refusal> too_large(const Problem& problem, const Capabilities& capabilities);

/// Most scratch of one kind that a plan may take where another plan would do.
int64_t scratch_limit(const Capabilities& capabilities);

/// Where sequences have lengths of their own, for the longest that is possible. @param asked 0 = choose
KeySplits split_keys(const Problem& problem, const MetalVariant& decode, int64_t asked, int64_t limit);

/// Distance between rows of kept dS, in elements.
constexpr int64_t d_scores_stride(int64_t key_length) { return (key_length + 7) / 8 * 8; }

/// Bytes of dS of one query head.
int64_t d_scores_bytes(const Problem& problem);

/// Most query heads, in whole groups and chunks of one size, whose dS fits; 0 when not even one group does.
int64_t heads_that_fit(const Problem& problem, int64_t limit);

}  // namespace fa::metal
