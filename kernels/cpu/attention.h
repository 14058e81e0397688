// What the CPU kernels are asked to do. Plain data: no allocation, no validation, no knowledge of the runtime
// above.
#pragma once
#include <cstdint>

#include "fa/key_band.h"

namespace fa::cpu {

enum class Element : uint8_t { float32, float16, bfloat16 };

/// A [B, H, L, D] tensor in any order of its outer axes. Strides count elements; the innermost stride is 1.
struct Rows {
  void* data;
  int64_t batch;
  int64_t head;
  int64_t row;
};

/// A [1|B, 1|Hq, 1|Lq, Lk] tensor; the stride of a broadcast axis is 0, keys are contiguous. Absent when data
/// is null.
struct ScoreRows {
  const void* data;
  int64_t batch;
  int64_t head;
  int64_t row;
};

struct Attention {
  Element element;       ///< of q, k, v, out and their gradients
  Element bias_element;  ///< of bias
  int64_t batch, query_heads, kv_heads;
  int64_t query_length, key_length;
  int64_t head_dim, value_dim;
  float scale;
  KeyBand band;
  Rows q, k, v, out;
  ScoreRows mask;  ///< uint8, non-zero = keep
  ScoreRows bias;
  float* lse;      ///< [B, Hq, Lq], natural logarithm; may be null
  float* row_max;  ///< [B, Hq, Lq], largest score, in units of the kernels' own; may be null
  float* row_sum;  ///< [B, Hq, Lq], sum of exp(score - largest); may be null. Both give the backward more
                   ///< exact probabilities than lse alone, if scale and bias are the forward's.
};

struct AttentionGradients {
  Attention forward;  ///< out and lse are inputs here; row_max and row_sum are used when both are present
  Rows d_out;
  const float* d_lse;  ///< [B, Hq, Lq]; may be null
  Rows dq, dk, dv;
};

/// Runs task(context, 0 .. tasks-1), each once, in any order, on any thread; returns when all are done.
struct Executor {
  void* self;
  int threads;
  void (*run)(void* self, int64_t tasks, void (*task)(void* context, int64_t index), void* context);
};

/// How a call is cut up; depends on its shape only.
struct Blocks {
  int query_block, key_block;  ///< rows
  int64_t tasks;               ///< independent pieces of work
};

/// One instruction set's build of the kernels. The result does not depend on executor.threads, to the bit.
struct Kernels {
  const char* isa;  ///< "scalar", "avx2", "avx512", "neon"
  int lanes;        ///< floats per vector
  void (*forward)(const Attention&, const Executor&);
  void (*backward)(const AttentionGradients&, const Executor&);
  /// Upper bound of what a call allocates over all threads, bytes.
  int64_t (*forward_scratch)(const Attention&, int threads);
  int64_t (*backward_scratch)(const AttentionGradients&, int threads);
  Blocks (*forward_blocks)(const Attention&);
  Blocks (*backward_blocks)(const AttentionGradients&);
};

/// Null where the build or the machine's architecture does not have it; says nothing about the running CPU.
const Kernels* scalar_kernels();
const Kernels* avx2_kernels();
const Kernels* avx512_kernels();
const Kernels* neon_kernels();

}  // namespace fa::cpu
