// A call that has been checked: sizes, strides and visibility in canonical form. Backends read this and
// nothing else.
#pragma once
#include <array>
#include <cstdint>

#include "call.h"
#include "fa/key_band.h"
#include "generated/options.h"

namespace fa {

enum class Direction : uint8_t { forward, backward };

inline const char* to_string(Direction direction) {
  return direction == Direction::forward ? "forward" : "backward";
}

struct Problem {
  Direction direction = Direction::forward;
  DType dtype = DType::float32;
  DType bias_dtype = DType::float32;  ///< of Feature::bias
  std::array<int64_t, 4> bias_shape{}, mask_shape{};
  Layout layout = Layout::bhld;
  int64_t batch = 0, query_heads = 0, kv_heads = 0;  ///< B, Hq, Hkv
  int64_t query_length = 0, key_length = 0;          ///< Lq, Lk; packed Tq, Tk; paged maxPages * pageSize
  int64_t head_dim = 0, value_dim = 0;               ///< D, Dv
  float scale = 0;
  float softcap = 0;              ///< 0 = none
  Dropout dropout;                ///< rate 0 = none
  std::optional<BandRule> align;  ///< given, to be held against `rule`
  BandRule rule{};                ///< what each sequence's offset and band are folded from (sequences_of)
  KeyBand band{};                 ///< of query_length and key_length: the band itself unless sequences differ
  RopeStyle rope_style = RopeStyle::half;
  int64_t rotary_pairs = 0;  ///< rotaryDim / 2; 0 without rope
  int64_t page_size = 0;     ///< tokens; 0 unless paged
  std::string kernel;        ///< forced by name; empty = choose
  uint32_t features = 0;     ///< options in use, bits of Feature
  uint32_t gradients = 0;    ///< options whose gradient is asked for, bits of Feature

  bool has(Feature feature) const { return (features & feature_bit(feature)) != 0; }
  /// q is [Tq, Hq, D]: sequences lie end to end.
  bool packed() const { return has(Feature::cu_seqlens_q); }
  /// Sequences have lengths of their own, which are known when the call's memory is.
  bool ragged() const { return packed() || has(Feature::kv_lengths); }
};

/// Shapes of what a problem writes. Packed sequences (cuSeqlens) count as B = 1 here, their tensors lack that
/// axis.
struct OutputShapes {
  std::array<int64_t, 4> out, dq, dk, dv;
  std::array<int64_t, 3> lse;
};

/// Checks shapes, dtypes and options of a call and folds them. Looks at no memory, so it serves planning too.
/// @throws Error with the argument's public name
Problem describe(const AttentionInputs& inputs, const AttentionOptions& options, Direction direction);

OutputShapes output_shapes(const Problem& problem);

/// Checks the memory of a call: byte counts, buffers that are too short, outputs that alias inputs or each
/// other. Reads none of it; check_index_values() looks at the values of index tensors. @throws Error
void check_memory(const ForwardCall& call, const Problem& problem);
void check_memory(const BackwardCall& call, const Problem& problem);

}  // namespace fa
