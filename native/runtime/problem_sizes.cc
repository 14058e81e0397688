// Sizes, dtypes and strides of q, k and v.
#include "check_tensor.h"
#include "problem_checks.h"

namespace fa {

namespace {

/// A [B, H, L, D] view of a tensor's sizes, whatever the layout.
struct Sizes {
  int64_t batch, heads, length, width;
};

Sizes sizes_of(const Tensor& tensor, Layout layout) {
  const auto& shape = tensor.shape;
  if (layout == Layout::blhd) return {shape[0], shape[2], shape[1], shape[3]};
  return {shape[0], shape[1], shape[2], shape[3]};
}

void expect_at_least_one(const char* argument, const char* what, int64_t size, const Tensor& tensor) {
  if (size >= 1) return;
  refuse(ErrorCode::SHAPE_MISMATCH, argument, std::string("at least one ") + what,
         "shape " + shape_text(tensor));
}

void check_dtypes(const AttentionInputs& inputs) {
  expect_dtype("q", inputs.q, {DType::float32, DType::float16, DType::bfloat16});
  const DType k = inputs.k_scale ? DType::int8 : inputs.q.dtype;
  const DType v = inputs.v_scale ? DType::int8 : inputs.q.dtype;
  expect_dtype("k", inputs.k, {k});
  expect_dtype("v", inputs.v, {v});
}

void read_dense(const AttentionInputs& inputs, Layout layout, Problem& problem) {
  const bool bhld = layout == Layout::bhld;
  const auto any = [&](const char* heads, const char* length, const char* width) {
    return std::array<Axis, 4>{Axis{"B", kAnySize}, Axis{bhld ? heads : length, kAnySize},
                               Axis{bhld ? length : heads, kAnySize}, Axis{width, kAnySize}};
  };
  const auto q_axes = any("Hq", "Lq", "D");
  expect_shape("q", inputs.q, {q_axes[0], q_axes[1], q_axes[2], q_axes[3]});
  const Sizes q = sizes_of(inputs.q, layout);
  problem.batch = q.batch;
  problem.query_heads = q.heads;
  problem.query_length = q.length;
  problem.head_dim = q.width;

  const Axis batch{"B", q.batch};
  const Axis free_heads{"Hkv", kAnySize};
  const Axis free_length{"Lk", kAnySize};
  expect_shape("k", inputs.k,
               {batch, bhld ? free_heads : free_length, bhld ? free_length : free_heads, Axis{"D", q.width}});
  const Sizes k = sizes_of(inputs.k, layout);
  problem.kv_heads = k.heads;
  problem.key_length = k.length;

  const Axis heads{"Hkv", k.heads};
  const Axis length{"Lk", k.length};
  expect_shape("v", inputs.v, {batch, bhld ? heads : length, bhld ? length : heads, Axis{"Dv", kAnySize}});
  problem.value_dim = sizes_of(inputs.v, layout).width;
}

/// The contract has pages and int8 keys of dense sequences only.
void refuse_where_packed(const char* argument, const std::optional<Tensor>& tensor) {
  if (!tensor) return;
  refuse(ErrorCode::UNSUPPORTED, argument, "none where sequences are packed (cuSeqlens)", "a tensor");
}

void read_packed(const AttentionInputs& inputs, Problem& problem) {
  refuse_where_packed("blockTable", inputs.block_table);
  refuse_where_packed("kScale", inputs.k_scale);
  refuse_where_packed("vScale", inputs.v_scale);
  if (!inputs.cu_seqlens_q || !inputs.cu_seqlens_k) {
    const char* missing = inputs.cu_seqlens_q ? "cuSeqlensK" : "cuSeqlensQ";
    refuse(ErrorCode::INVALID_ARGUMENT, missing, "cuSeqlensQ and cuSeqlensK together", "only one of them");
  }
  expect_shape("q", inputs.q, {{"Tq", kAnySize}, {"Hq", kAnySize}, {"D", kAnySize}});
  expect_shape("k", inputs.k, {{"Tk", kAnySize}, {"Hkv", kAnySize}, {"D", inputs.q.shape[2]}});
  expect_shape("v", inputs.v, {{"Tk", inputs.k.shape[0]}, {"Hkv", inputs.k.shape[1]}, {"Dv", kAnySize}});
  expect_shape("cuSeqlensQ", *inputs.cu_seqlens_q, {{"B+1", kAnySize}});
  problem.batch = inputs.cu_seqlens_q->shape[0] - 1;
  problem.query_heads = inputs.q.shape[1];
  problem.query_length = inputs.q.shape[0];
  problem.head_dim = inputs.q.shape[2];
  problem.kv_heads = inputs.k.shape[1];
  problem.key_length = inputs.k.shape[0];
  problem.value_dim = inputs.v.shape[2];
}

void read_paged(const AttentionInputs& inputs, Layout layout, Problem& problem) {
  expect_shape("q", inputs.q, {{"B", kAnySize}, {"Hq", kAnySize}, {"Lq", kAnySize}, {"D", kAnySize}});
  const Sizes q = sizes_of(inputs.q, layout);
  expect_shape("k", inputs.k,
               {{"pages", kAnySize}, {"pageSize", kAnySize}, {"Hkv", kAnySize}, {"D", q.width}});
  const auto& k = inputs.k.shape;
  expect_shape("v", inputs.v, {{"pages", k[0]}, {"pageSize", k[1]}, {"Hkv", k[2]}, {"Dv", kAnySize}});
  expect_shape("blockTable", *inputs.block_table, {{"B", q.batch}, {"maxPages", kAnySize}});
  check_extent("blockTable", *inputs.block_table);
  problem.batch = q.batch;
  problem.query_heads = q.heads;
  problem.query_length = q.length;
  problem.head_dim = q.width;
  problem.kv_heads = k[2];
  problem.page_size = k[1];
  problem.value_dim = inputs.v.shape[3];
  if (__builtin_mul_overflow(inputs.block_table->shape[1], k[1], &problem.key_length)) {
    refuse(ErrorCode::SIZE_OVERFLOW, "blockTable", "maxPages * pageSize below 2^63",
           "shape " + shape_text(*inputs.block_table));
  }
}

}  // namespace

void read_sizes(const AttentionInputs& inputs, const AttentionOptions& options, Problem& problem) {
  check_dtypes(inputs);
  check_extent("q", inputs.q);
  check_extent("k", inputs.k);
  check_extent("v", inputs.v);
  if (is_packed(inputs)) {
    read_packed(inputs, problem);
  } else if (inputs.block_table) {
    read_paged(inputs, options.layout, problem);
  } else {
    read_dense(inputs, options.layout, problem);
  }
  problem.dtype = inputs.q.dtype;
  expect_at_least_one("q", "head", problem.query_heads, inputs.q);
  expect_at_least_one("q", "element in D", problem.head_dim, inputs.q);
  expect_at_least_one("k", "head", problem.kv_heads, inputs.k);
  expect_at_least_one("v", "element in Dv", problem.value_dim, inputs.v);
  if (problem.query_heads % problem.kv_heads != 0) {
    refuse(ErrorCode::SHAPE_MISMATCH, "k", "Hkv that divides Hq = " + std::to_string(problem.query_heads),
           std::to_string(problem.kv_heads));
  }
}

}  // namespace fa
