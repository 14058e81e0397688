// One call of the op, as every host (N-API, TensorFlow, ONNX Runtime) states it. contract.md says what each
// field means.
#pragma once
#include <optional>
#include <string>

#include "host_threads.h"
#include "tensor.h"

namespace fa {

/// Where the causal diagonal lies. `offset` counts only with Diagonal::offset.
struct Alignment {
  Diagonal diagonal = Diagonal::none;
  int64_t offset = 0;
};

struct Window {
  int64_t left = -1;   ///< -1 = unbounded
  int64_t right = -1;  ///< -1 = unbounded
};

struct Dropout {
  double rate = 0;
  uint64_t seed = 0;
};

struct AttentionOptions {
  Layout layout = Layout::bhld;
  std::optional<double> scale;  ///< default 1 / sqrt(D)
  std::optional<double> softcap;
  Alignment causal;                ///< Diagonal::none = not causal
  std::optional<Alignment> align;  ///< default: as causal, else bottomRight
  std::optional<Window> window;
  std::optional<Dropout> dropout;
  std::optional<RopeStyle> rope_style;
  std::string kernel;  ///< force one kernel of the plan table; empty = choose
};

struct AttentionInputs {
  Tensor q, k, v;
  std::optional<Tensor> mask, bias, alibi_slopes, sinks;
  std::optional<Tensor> kv_lengths, cu_seqlens_q, cu_seqlens_k, block_table;
  std::optional<Tensor> rope_cos, rope_sin, positions_q, positions_k;
  std::optional<Tensor> k_scale, v_scale;
};

struct ForwardCall {
  AttentionInputs inputs;
  AttentionOptions options;
  Tensor out;
  std::optional<Tensor> lse;            ///< [B, Hq, Lq] float32
  std::optional<Tensor> softmax_stats;  ///< [2, B, Hq, Lq] float32: row maximum, denominator
  /// Null = the device's own. A backend without CPU threads ignores it.
  const HostThreads* threads = nullptr;
};

struct BackwardCall {
  AttentionInputs inputs;
  AttentionOptions options;
  Tensor out, lse, d_out;
  std::optional<Tensor> d_lse;
  std::optional<Tensor> softmax_stats;  ///< from the forward call; makes P exact where lse alone would round
  Tensor dq, dk, dv;
  std::optional<Tensor> d_bias, d_alibi_slopes, d_sinks;
  const HostThreads* threads = nullptr;  ///< as in ForwardCall
};

}  // namespace fa
