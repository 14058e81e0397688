#include "metal/sample_options.h"

#include <algorithm>

namespace fa::metal {

namespace {

/// Pages may be of any size: small ones are many.
constexpr int64_t kMostPageTokens = 16;

/// Keys of a sequence that are past its length, where there are lengths.
constexpr int64_t kUnusedKeys = 19;

int64_t page_tokens(const Problem& like) { return std::min(like.page_size, kMostPageTokens); }

int64_t pages_of(const Problem& like, const SampleSizes& sizes) {
  return (sizes.keys + page_tokens(like) - 1) / page_tokens(like);
}

/// Rows of the first of two packed sequences; the second is the longer one.
int64_t first_rows(const SampleSizes& sizes) { return sizes.rows / 3; }
int64_t first_keys(const SampleSizes& sizes) { return sizes.keys / 2; }

std::optional<SampleTensor> filled(DType dtype, std::vector<int64_t> shape, uint32_t seed) {
  std::optional<SampleTensor> tensor(std::in_place, dtype, std::move(shape));
  tensor->fill(seed);
  return tensor;
}

std::optional<SampleTensor> indices(const std::vector<int64_t>& values, std::vector<int64_t> shape) {
  std::optional<SampleTensor> tensor(std::in_place, DType::int32, std::move(shape));
  tensor->set({values.begin(), values.end()});
  return tensor;
}

std::optional<Tensor> view(const std::optional<SampleTensor>& tensor) {
  return tensor ? std::optional(tensor->tensor()) : std::nullopt;
}

}  // namespace

uint32_t compiled_features(const Problem& problem) {
  constexpr Feature kOptions[] = {Feature::mask,       Feature::bias,         Feature::softcap,
                                  Feature::sinks,      Feature::alibi_slopes, Feature::dropout,
                                  Feature::kv_lengths, Feature::cu_seqlens_q, Feature::block_table,
                                  Feature::rope,       Feature::k_scale,      Feature::v_scale};
  uint32_t bits = 0;
  for (const Feature option : kOptions) bits |= feature_bit(option);
  return problem.features & bits;
}

SampleOptions::SampleOptions(const Problem& like, const SampleSizes& sizes) : like_(like) {
  make_score_options(sizes);
  make_lengths(sizes);
  make_storage(sizes);
}

SampleTensor SampleOptions::key_rows(const Problem& like, const SampleSizes& sizes, bool scaled,
                                     int64_t width) {
  const DType dtype = scaled ? DType::int8 : like.dtype;
  if (like.packed()) return {dtype, {sizes.keys, 1, width}};
  if (like.page_size > 0) return {dtype, {pages_of(like, sizes), page_tokens(like), 1, width}};
  return {dtype, {1, 1, sizes.keys, width}};
}

void SampleOptions::make_score_options(const SampleSizes& sizes) {
  const bool packed = like_.packed();
  const int64_t rows = packed ? sizes.rows - first_rows(sizes) : sizes.rows;
  const int64_t keys = packed                ? sizes.keys - first_keys(sizes)
                       : like_.page_size > 0 ? pages_of(like_, sizes) * page_tokens(like_)
                                             : sizes.keys;
  const std::vector<int64_t> pairs{1, 1, rows, keys}, heads{sizes.heads};
  const auto asked = [&](Feature option) { return (like_.gradients & feature_bit(option)) != 0; };
  if (like_.has(Feature::mask)) mask_.emplace(DType::boolean, pairs).fill_mask();
  if (like_.has(Feature::bias)) bias_ = filled(DType::float32, pairs, 5);
  if (like_.has(Feature::alibi_slopes)) slopes_ = filled(DType::float32, heads, 6);
  if (like_.has(Feature::sinks)) sinks_ = filled(DType::float32, heads, 7);
  if (asked(Feature::bias)) d_bias_.emplace(DType::float32, pairs);
  if (asked(Feature::alibi_slopes)) d_slopes_.emplace(DType::float32, heads);
  if (asked(Feature::sinks)) d_sinks_.emplace(DType::float32, heads);
}

void SampleOptions::make_lengths(const SampleSizes& sizes) {
  const int64_t rows = first_rows(sizes), keys = first_keys(sizes);
  if (like_.packed()) {
    cu_seqlens_q_ = indices({0, rows, sizes.rows}, {3});
    cu_seqlens_k_ = indices({0, keys, sizes.keys}, {3});
  }
  if (!like_.has(Feature::kv_lengths)) return;
  kv_lengths_ = like_.packed() ? indices({keys - kUnusedKeys, sizes.keys - keys}, {2})
                               : indices({sizes.keys - kUnusedKeys}, {1});
}

void SampleOptions::make_storage(const SampleSizes& sizes) {
  std::vector<int64_t> scales{1, 1, sizes.keys};
  if (like_.page_size > 0) {
    const int64_t pages = pages_of(like_, sizes);
    std::vector<int64_t> order(static_cast<size_t>(pages));
    for (int64_t page = 0; page < pages; ++page) order[static_cast<size_t>(page)] = pages - 1 - page;
    block_table_ = indices(order, {1, pages});
    scales = {pages, page_tokens(like_), 1};
  }
  if (like_.has(Feature::k_scale)) k_scale_ = filled(DType::float32, scales, 8);
  if (like_.has(Feature::v_scale)) v_scale_ = filled(DType::float32, scales, 9);
  if (like_.rotary_pairs == 0) return;
  cosines_ = filled(DType::float32, {sizes.keys, like_.rotary_pairs}, 10);
  sines_ = filled(DType::float32, {sizes.keys, like_.rotary_pairs}, 11);
}

void SampleOptions::add_to(AttentionInputs& inputs) const {
  inputs.mask = view(mask_);
  inputs.bias = view(bias_);
  inputs.alibi_slopes = view(slopes_);
  inputs.sinks = view(sinks_);
  inputs.kv_lengths = view(kv_lengths_);
  inputs.cu_seqlens_q = view(cu_seqlens_q_);
  inputs.cu_seqlens_k = view(cu_seqlens_k_);
  inputs.block_table = view(block_table_);
  inputs.rope_cos = view(cosines_);
  inputs.rope_sin = view(sines_);
  inputs.k_scale = view(k_scale_);
  inputs.v_scale = view(v_scale_);
}

void SampleOptions::add_to(AttentionOptions& options) const {
  if (like_.has(Feature::softcap)) options.softcap = like_.softcap;
  if (like_.has(Feature::dropout)) options.dropout = like_.dropout;
  if (like_.rotary_pairs > 0) options.rope_style = like_.rope_style;
}

void SampleOptions::add_gradients(BackwardCall& call) const {
  call.d_bias = view(d_bias_);
  call.d_alibi_slopes = view(d_slopes_);
  call.d_sinks = view(d_sinks_);
}

void SampleOptions::append_gradients(std::vector<std::vector<float>>& results) const {
  for (const auto* gradient : {&d_bias_, &d_slopes_, &d_sinks_}) {
    if (*gradient) results.push_back((*gradient)->values());
  }
}

}  // namespace fa::metal
