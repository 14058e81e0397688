// The steps of describe(), one concern each. They fill the problem or throw Error.
#pragma once
#include "problem.h"

namespace fa {

/// Sizes, dtypes and strides of q, k and v: dense, packed (cuSeqlens) or paged (blockTable).
void read_sizes(const AttentionInputs& inputs, const AttentionOptions& options, Problem& problem);

/// scale, softcap and dropout.
void read_scalars(const AttentionOptions& options, Problem& problem);

/// causal, align and window become the offset and the band.
void read_visibility(const AttentionOptions& options, Problem& problem);

/// Whether causal and align agree for a sequence of these lengths, and ALiBi can count its distances.
void check_alignment(const Problem& problem, int queries, int keys);

/// mask, bias, alibiSlopes and sinks.
void check_score_inputs(const AttentionInputs& inputs, Problem& problem);

/// kvLengths, cuSeqlens, blockTable and the scales of int8 keys and values.
void check_key_storage(const AttentionInputs& inputs, Problem& problem);

/// The positions that rope takes where none are given, i + Lk - Lq of a query and j of a key, for a sequence
/// of these lengths.
void check_default_positions(const AttentionInputs& inputs, int64_t queries, int64_t keys);

/// rope and its positions; of sequences that differ in length, not the default positions.
void check_rope(const AttentionInputs& inputs, const AttentionOptions& options, Problem& problem);

inline void use(Problem& problem, Feature feature) { problem.features |= feature_bit(feature); }

/// Packed sequences: q is [Tq, Hq, D].
inline bool is_packed(const AttentionInputs& inputs) {
  return inputs.cu_seqlens_q.has_value() || inputs.cu_seqlens_k.has_value();
}

}  // namespace fa
