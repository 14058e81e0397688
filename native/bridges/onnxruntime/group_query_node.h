// What a GroupQueryAttention node says.
#pragma once
#include "attributes.h"

namespace fa::ort {

/// Inputs of the node, by position.
enum GroupQueryInput : size_t {
  kQuery,
  kKey,
  kValue,
  kPastKey,
  kPastValue,
  kSeqlensK,
  kTotalSequenceLength,
  kCosCache,
  kSinCache,
  kPositionIds,
  kAttentionBias,
  kHeadSink,
  kKScale,
  kVScale,
  kQNormWeight,
  kKNormWeight,
  kGroupQueryInputs,
};

/// Outputs of the node, by position.
enum GroupQueryOutput : size_t { kOutput, kPresentKey, kPresentValue, kOutputQk };

struct GroupQueryAttention {
  int64_t heads = 0, kv_heads = 0;
  double scale = 0;     ///< 0 = default
  double softcap = 0;   ///< 0 = none
  int64_t window = -1;  ///< keys that a row sees, its own among them; -1 = all
  bool causal = true;
  bool rotary = false, interleaved = false;
  bool smooth_softmax = false;  ///< a sink of 0
  bool sliding_cache = false;
};

inline GroupQueryAttention read_group_query(const Attributes& attributes) {
  GroupQueryAttention node;
  node.heads = attributes.integer("num_heads").value_or(0);
  node.kv_heads = attributes.integer("kv_num_heads").value_or(0);
  node.scale = attributes.real("scale").value_or(0);
  node.softcap = attributes.real("softcap").value_or(0);
  node.window = attributes.integer("local_window_size").value_or(-1);
  node.causal = attributes.integer("causal").value_or(1) != 0;
  node.rotary = attributes.integer("do_rotary").value_or(0) != 0;
  node.interleaved = attributes.integer("rotary_interleaved").value_or(0) != 0;
  // -1 and 0 both stand for plain softmax.
  node.smooth_softmax = attributes.integer("smooth_softmax").value_or(0) > 0;
  node.sliding_cache = attributes.integer("sliding_window_cache").value_or(0) != 0;
  return node;
}

}  // namespace fa::ort
