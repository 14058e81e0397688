#include "metal/sample_call.h"

#include <algorithm>
#include <cstring>

namespace fa::metal {

namespace {

// Several key blocks, cut by the diagonal and by the end, of every kernel.
constexpr int64_t kMostRows = 37;
constexpr int64_t kKeys = 150;
constexpr int64_t kMostHeads = 64;

SampleSizes sizes_of(const Problem& like) {
  const int64_t group = like.kv_heads == 0 ? 1 : like.query_heads / like.kv_heads;
  return {std::clamp<int64_t>(group, 1, kMostHeads), std::clamp<int64_t>(like.query_length, 1, kMostRows),
          kKeys};
}

/// q, out or their gradients; those of packed sequences lack the batch.
SampleTensor rows(const Problem& like, const SampleSizes& sizes, int64_t width) {
  if (like.packed()) return {like.dtype, {sizes.rows, sizes.heads, width}};
  return {like.dtype, {1, sizes.heads, sizes.rows, width}};
}

SampleTensor row_floats(const Problem& like, const SampleSizes& sizes) {
  if (like.packed()) return {DType::float32, {sizes.heads, sizes.rows}};
  return {DType::float32, {1, sizes.heads, sizes.rows}};
}

}  // namespace

SampleCall::SampleCall(const Problem& like)
    : gradients_(like.gradients),
      sizes_(sizes_of(like)),
      options_(like, sizes_),
      q_(rows(like, sizes_, like.head_dim)),
      k_(SampleOptions::key_rows(like, sizes_, like.has(Feature::k_scale), like.head_dim)),
      v_(SampleOptions::key_rows(like, sizes_, like.has(Feature::v_scale), like.value_dim)),
      out_(rows(like, sizes_, like.value_dim)),
      lse_(row_floats(like, sizes_)),
      d_out_(rows(like, sizes_, like.value_dim)),
      dq_(rows(like, sizes_, like.head_dim)),
      dk_(SampleOptions::key_rows(like, sizes_, false, like.head_dim)),
      dv_(SampleOptions::key_rows(like, sizes_, false, like.value_dim)) {
  q_.fill(1);
  k_.fill(2);
  v_.fill(3);
  d_out_.fill(4);
}

AttentionInputs SampleCall::inputs() const {
  AttentionInputs inputs;
  inputs.q = q_.tensor();
  inputs.k = k_.tensor();
  inputs.v = v_.tensor();
  options_.add_to(inputs);
  return inputs;
}

BackwardCall SampleCall::backward_call(const AttentionOptions& options) const {
  BackwardCall call{};
  call.inputs = inputs();
  call.options = options;
  call.out = out_.tensor();
  call.lse = lse_.tensor();
  call.d_out = d_out_.tensor();
  call.dq = dq_.tensor();
  call.dk = dk_.tensor();
  call.dv = dv_.tensor();
  options_.add_gradients(call);
  return call;
}

void SampleCall::run(Backend& backend, Direction direction, const std::string& kernel) {
  AttentionOptions options;
  options.causal.diagonal = Diagonal::bottomRight;
  options.kernel = kernel;
  options_.add_to(options);
  Problem problem = describe(inputs(), options, direction);
  if (direction == Direction::backward) problem.gradients = gradients_;
  const auto outcome = backend.plan(problem);
  if (const auto* refusal = std::get_if<Refusal>(&outcome)) raise(*refusal);
  const Plan& plan = std::get<Plan>(outcome);
  if (direction == Direction::forward) {
    ForwardCall call{inputs(), options, out_.tensor(), lse_.tensor(), std::nullopt};
    backend.forward(problem, plan, call);
    return;
  }
  backend.backward(problem, plan, backward_call(options));
}

std::vector<std::vector<float>> SampleCall::results(Direction direction) const {
  if (direction == Direction::forward) return {out_.values(), lse_.values()};
  std::vector<std::vector<float>> results{dq_.values(), dk_.values(), dv_.values()};
  options_.append_gradients(results);
  return results;
}

void SampleCall::take_forward_from(const SampleCall& other) {
  const auto copy = [](const SampleTensor& from, SampleTensor& to) {
    std::memcpy(to.tensor().data, from.tensor().data, from.tensor().bytes);
  };
  copy(other.out_, out_);
  copy(other.lse_, lse_);
}

}  // namespace fa::metal
