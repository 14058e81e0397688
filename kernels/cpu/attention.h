// What the CPU kernels are asked to do. Plain data: no allocation, no validation, no knowledge of the runtime
// above.
#pragma once
#include <cstdint>

#include "fa/philox.h"
#include "fa/sequence.h"

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

/// Where the rows of k and v are, if not at `Rows` of their own.
struct KeyStorage {
  /// Block table: the page of tokens [n * page_size, ...) of batch b is pages[b * pages_batch + n].
  /// Rows::batch is then the distance from page to page. Null unless paged.
  const int32_t* pages;
  int64_t pages_batch;
  int64_t page_size;
};

/// Scale of each int8 row, addressed as Rows are (also in pages). The row is int8 iff there is one.
struct RowScales {
  const float* data;
  int64_t batch;
  int64_t head;
  int64_t row;
};

/// RoPE. Absent when pairs is 0.
struct Rotation {
  const float *cos, *sin;  ///< [positions][pairs]
  int64_t cos_row, sin_row;
  int pairs;         ///< rotaryDim / 2, at most D / 2
  bool interleaved;  ///< pairs (2c, 2c + 1); otherwise (c, c + pairs)
  /// Of each token; null = i + keys - queries, j. Packed sequences count through all tokens, batch = 0.
  const int32_t *positions_q, *positions_k;
  int64_t positions_q_batch, positions_k_batch;
};

struct Attention {
  Element element;       ///< of q, out and their gradients; of k and v unless these are int8
  Element bias_element;  ///< of bias
  int64_t batch, query_heads, kv_heads;
  int64_t query_length, key_length;  ///< of packed sequences together
  int64_t head_dim, value_dim;
  float scale;
  const Sequence* sequences;  ///< [batch]; may be null where only blocks and scratch are asked for
  bool packed;                ///< sequences lie end to end, and the distance from batch to batch is 0
  Rows q, k, v, out;
  KeyStorage storage;          ///< of k and v
  RowScales k_scale, v_scale;  ///< forward only
  ScoreRows mask;              ///< uint8, non-zero = keep
  ScoreRows bias;
  const float* alibi_slopes;  ///< [Hq] or [B, Hq]; may be null
  int64_t alibi_batch;        ///< 0 when they are [Hq]
  const float* sinks;         ///< [Hq]; may be null
  float softcap;              ///< 0 = none
  DropoutParams dropout;      ///< threshold 0 = none
  Rotation rotation;
  /// Arrays of one float per query row: lse, row_max, row_sum, d_lse. [B, Hq, Lq], packed [Hq, Tq].
  int64_t row_batch, row_head;
  float* lse;      ///< natural logarithm; may be null
  float* row_max;  ///< largest score, in units of the kernels' own; may be null
  float* row_sum;  ///< sum of exp(score - largest); may be null. Both give the backward more
                   ///< exact probabilities than lse alone, if scale and bias are the forward's.
};

struct AttentionGradients {
  Attention forward;  ///< out and lse are inputs here; row_max and row_sum are used when both are present
  Rows d_out;
  const float* d_lse;  ///< may be null
  Rows dq, dk, dv;
  float* d_bias;          ///< row-major, [1|B, 1|Hq, 1|Lq, Lk] as `bias_shape` says; may be null
  int64_t bias_shape[4];  ///< of bias
  float* d_alibi_slopes;  ///< as alibi_slopes; may be null
  float* d_sinks;         ///< [Hq]; may be null
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
  const char* isa;  ///< "scalar", "avx2", "avx512", "amx", "neon"
  int lanes;        ///< floats per vector
  void (*forward)(const Attention&, const Executor&);
  void (*backward)(const AttentionGradients&, const Executor&);
  /// The same as `forward`, for few query rows.
  void (*decode)(const Attention&, const Executor&);
  /// Upper bound of what a call allocates over all threads, bytes.
  int64_t (*forward_scratch)(const Attention&, int threads);
  int64_t (*backward_scratch)(const AttentionGradients&, int threads);
  int64_t (*decode_scratch)(const Attention&, int threads);
  Blocks (*forward_blocks)(const Attention&);
  Blocks (*backward_blocks)(const AttentionGradients&);
  Blocks (*decode_blocks)(const Attention&);
};

/// Null where the build or the machine's architecture does not have it; says nothing about the running CPU.
const Kernels* scalar_kernels();
const Kernels* avx2_kernels();
const Kernels* avx512_kernels();
const Kernels* amx_kernels();
const Kernels* neon_kernels();

}  // namespace fa::cpu
