#include "metal/call_params.h"

#include "dropout_params.h"

namespace fa::metal {

namespace {

constexpr double kLog2E = 1.4426950408889634;

}  // namespace

AttentionParams params_of(const Problem& problem) {
  AttentionParams params{};
  params.row_head = problem.query_length;
  params.row_batch = problem.packed() ? 0 : problem.query_heads * problem.query_length;
  params.band = problem.band;
  params.batch = static_cast<int>(problem.batch);
  params.query_heads = static_cast<int>(problem.query_heads);
  params.kv_heads = static_cast<int>(problem.kv_heads);
  params.query_length = static_cast<int>(problem.query_length);
  params.key_length = static_cast<int>(problem.key_length);
  params.head_dim = static_cast<int>(problem.head_dim);
  params.value_dim = static_cast<int>(problem.value_dim);
  params.scale = problem.scale;
  params.scale_log2 = static_cast<float>(problem.scale * kLog2E);
  if (problem.has(Feature::softcap)) {
    params.cap_scale = static_cast<float>(static_cast<double>(problem.scale) / problem.softcap);
    params.cap_log2 = static_cast<float>(problem.softcap * kLog2E);
  }
  params.offset = clamp_to_band(diagonal_offset(problem.rule, params.query_length, params.key_length));
  if (problem.has(Feature::dropout)) params.dropout = dropout_params(problem.dropout);
  return params;
}

}  // namespace fa::metal
