// Memory of a call: is there enough, is it aligned, does anything that is written overlap anything else.
#include <functional>

#include "check_tensor.h"
#include "problem.h"

namespace fa {

namespace {

/// Byte range of one tensor. Ranges decide about overlap, so views that interleave count as overlapping.
struct Region {
  const char* argument;
  const std::byte* begin;
  const std::byte* end;

  bool overlaps(const Region& other) const {
    const std::less<const std::byte*> before;
    return before(begin, other.end) && before(other.begin, end);
  }
};

/// Collects the regions of a call; a fixed capacity keeps the checks free of allocation.
class Regions {
 public:
  void add(const char* argument, const Tensor& tensor) {
    const int64_t needed = span_bytes(tensor).value_or(0);
    if (needed == 0) return;
    if (tensor.data == nullptr || tensor.bytes < static_cast<uint64_t>(needed)) {
      refuse(ErrorCode::BUFFER_TOO_SHORT, argument,
             "at least " + std::to_string(needed) + " bytes for shape " + shape_text(tensor),
             std::to_string(tensor.data == nullptr ? 0 : tensor.bytes));
    }
    if (reinterpret_cast<uintptr_t>(tensor.data) % static_cast<uintptr_t>(element_size(tensor.dtype)) != 0) {
      refuse(ErrorCode::INVALID_ARGUMENT, argument,
             std::string("data aligned to ") + std::to_string(element_size(tensor.dtype)) + " bytes",
             "a misaligned byteOffset");
    }
    regions_[count_++] = {argument, tensor.data, tensor.data + needed};
  }

  void add(const char* argument, const std::optional<Tensor>& tensor) {
    if (tensor) add(argument, *tensor);
  }

  const Region* begin() const { return regions_.data(); }
  const Region* end() const { return regions_.data() + count_; }

 private:
  std::array<Region, 32> regions_{};
  size_t count_ = 0;
};

Regions input_regions(const AttentionInputs& inputs) {
  Regions regions;
  regions.add("q", inputs.q);
  regions.add("k", inputs.k);
  regions.add("v", inputs.v);
  regions.add("mask", inputs.mask);
  regions.add("bias", inputs.bias);
  regions.add("alibiSlopes", inputs.alibi_slopes);
  regions.add("sinks", inputs.sinks);
  regions.add("kvLengths", inputs.kv_lengths);
  regions.add("cuSeqlensQ", inputs.cu_seqlens_q);
  regions.add("cuSeqlensK", inputs.cu_seqlens_k);
  regions.add("blockTable", inputs.block_table);
  regions.add("rope", inputs.rope_cos);
  regions.add("rope", inputs.rope_sin);
  regions.add("rope", inputs.positions_q);
  regions.add("rope", inputs.positions_k);
  regions.add("kScale", inputs.k_scale);
  regions.add("vScale", inputs.v_scale);
  return regions;
}

void check_overlap(const Regions& inputs, const Regions& outputs) {
  for (const Region* output = outputs.begin(); output != outputs.end(); ++output) {
    for (const Region& input : inputs) {
      if (!output->overlaps(input)) continue;
      refuse(ErrorCode::ALIASED_OUTPUT, output->argument, "memory of its own",
             std::string("memory shared with ") + input.argument);
    }
    for (const Region* other = outputs.begin(); other != output; ++other) {
      if (!output->overlaps(*other)) continue;
      refuse(ErrorCode::ALIASED_OUTPUT, output->argument, "memory of its own",
             std::string("memory shared with ") + other->argument);
    }
  }
}

/// What an argument beside the inputs has to look like.
struct Expected {
  const char* argument;
  DType dtype;
  bool written;
  bool strided;  ///< may have gaps and permuted axes; the others are row-major
};

void check_form(const Expected& expected, const Tensor& tensor, std::initializer_list<Axis> axes) {
  expect_dtype(expected.argument, tensor, {expected.dtype});
  expect_shape(expected.argument, tensor, axes);
  check_extent(expected.argument, tensor);
  if (!expected.strided) {
    expect_packed(expected.argument, tensor);
  } else if (expected.written) {
    expect_distinct_elements(expected.argument, tensor);
  }
}

/// q, k, v, out and their gradients.
void check_rows(const char* argument, const Tensor& tensor, const Problem& problem, bool written,
                const std::array<int64_t, 4>& shape) {
  const Expected expected{argument, problem.dtype, written, true};
  if (problem.has(Feature::cu_seqlens_q)) {
    check_form(expected, tensor, {{"T", shape[1]}, {"H", shape[2]}, {"D", shape[3]}});
    return;
  }
  const bool bhld = problem.layout == Layout::bhld;
  check_form(expected, tensor,
             {{"B", shape[0]}, {bhld ? "H" : "L", shape[1]}, {bhld ? "L" : "H", shape[2]}, {"D", shape[3]}});
}

void check_lse(const char* argument, const Tensor& tensor, const Problem& problem, bool written) {
  const auto [batch, heads, length] = output_shapes(problem).lse;
  const Expected expected{argument, DType::float32, written, false};
  if (problem.has(Feature::cu_seqlens_q)) {
    check_form(expected, tensor, {{"Hq", heads}, {"Tq", length}});
    return;
  }
  check_form(expected, tensor, {{"B", batch}, {"Hq", heads}, {"Lq", length}});
}

void check_stats(const std::optional<Tensor>& stats, const Problem& problem, bool written) {
  if (!stats) return;
  const auto [batch, heads, length] = output_shapes(problem).lse;
  const Expected expected{"softmaxStats", DType::float32, written, false};
  if (problem.packed()) {
    check_form(expected, *stats, {{"2", 2}, {"Hq", heads}, {"Tq", length}});
    return;
  }
  check_form(expected, *stats, {{"2", 2}, {"B", batch}, {"Hq", heads}, {"Lq", length}});
}

/// A float32 gradient of an optional input: same shape, and only where the input is.
void check_option_gradient(const char* argument, const char* input_name,
                           const std::optional<Tensor>& gradient, const std::optional<Tensor>& input) {
  if (!gradient) return;
  if (!input) {
    refuse(ErrorCode::INVALID_ARGUMENT, argument, std::string("none without ") + input_name, "a tensor");
  }
  expect_dtype(argument, *gradient, {DType::float32});
  if (gradient->rank != input->rank || gradient->shape != input->shape) {
    refuse(ErrorCode::SHAPE_MISMATCH, argument,
           std::string("the shape of ") + input_name + ", " + shape_text(*input), shape_text(*gradient));
  }
  check_extent(argument, *gradient);
  expect_packed(argument, *gradient);
}

}  // namespace

void check_memory(const ForwardCall& call, const Problem& problem) {
  const OutputShapes shapes = output_shapes(problem);
  check_rows("out", call.out, problem, true, shapes.out);
  if (call.lse) check_lse("lse", *call.lse, problem, true);
  check_stats(call.softmax_stats, problem, true);

  const Regions inputs = input_regions(call.inputs);
  Regions outputs;
  outputs.add("out", call.out);
  outputs.add("lse", call.lse);
  outputs.add("softmaxStats", call.softmax_stats);
  check_overlap(inputs, outputs);
}

void check_memory(const BackwardCall& call, const Problem& problem) {
  const OutputShapes shapes = output_shapes(problem);
  check_rows("out", call.out, problem, false, shapes.out);
  check_rows("dOut", call.d_out, problem, false, shapes.out);
  check_lse("lse", call.lse, problem, false);
  if (call.d_lse) check_lse("dLse", *call.d_lse, problem, false);
  check_stats(call.softmax_stats, problem, false);
  check_rows("dq", call.dq, problem, true, shapes.dq);
  check_rows("dk", call.dk, problem, true, shapes.dk);
  check_rows("dv", call.dv, problem, true, shapes.dv);
  check_option_gradient("dBias", "bias", call.d_bias, call.inputs.bias);
  check_option_gradient("dAlibiSlopes", "alibiSlopes", call.d_alibi_slopes, call.inputs.alibi_slopes);
  check_option_gradient("dSinks", "sinks", call.d_sinks, call.inputs.sinks);

  Regions inputs = input_regions(call.inputs);
  inputs.add("out", call.out);
  inputs.add("lse", call.lse);
  inputs.add("dOut", call.d_out);
  inputs.add("dLse", call.d_lse);
  inputs.add("softmaxStats", call.softmax_stats);
  Regions outputs;
  outputs.add("dq", call.dq);
  outputs.add("dk", call.dk);
  outputs.add("dv", call.dv);
  outputs.add("dBias", call.d_bias);
  outputs.add("dAlibiSlopes", call.d_alibi_slopes);
  outputs.add("dSinks", call.d_sinks);
  check_overlap(inputs, outputs);
}

}  // namespace fa
