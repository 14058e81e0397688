#include "group_query_attention.h"

#include <algorithm>

#include "bridges/process_device.h"
#include "group_query_node.h"
#include "key_value_cache.h"
#include "session_threads.h"

namespace fa::ort {
namespace {

/// [B, H, L, D] over rows of [B, L, all], from column `first` on.
Tensor heads_of(const Tensor& rows, int64_t heads, int64_t width, int64_t first) {
  const auto [batch, length, all, unused] = rows.shape;
  Tensor view = rows;
  view.rank = 4;
  view.shape = {batch, heads, length, width};
  view.strides = {length * all, width, all, 1};
  view.data += first * element_size(rows.dtype);
  view.bytes -= static_cast<size_t>(std::min<int64_t>(first * element_size(rows.dtype), rows.bytes));
  return view;
}

struct Operands {
  Tensor q, k, v;  ///< [B, H, S, D]
};

[[noreturn]] void refuse_width(const char* argument, const Tensor& tensor) {
  refuse(ErrorCode::SHAPE_MISMATCH, argument, "[B, L, heads * width], as the node's attributes say",
         shape_text(tensor));
}

/// q, k and v by themselves, or all in one tensor.
Operands read_operands(const GroupQueryAttention& node, const KernelValues& values) {
  const Tensor query = values.required(kQuery, "q");
  const auto key = values.input(kKey, "k"), value = values.input(kValue, "v");
  if (query.rank != 3) refuse_width("q", query);
  const bool packed = !key;
  const int64_t heads = packed ? node.heads + 2 * node.kv_heads : node.heads;
  if (query.shape[2] % heads != 0) refuse_width("q", query);
  const int64_t width = query.shape[2] / heads;
  if (packed) {
    return {heads_of(query, node.heads, width, 0), heads_of(query, node.kv_heads, width, node.heads * width),
            heads_of(query, node.kv_heads, width, (node.heads + node.kv_heads) * width)};
  }
  for (const auto& [argument, tensor] : {std::pair("k", key), std::pair("v", value)}) {
    if (!tensor) refuse(ErrorCode::INVALID_ARGUMENT, argument, "a tensor", "none");
    const bool fits = tensor->rank == 3 && tensor->shape[0] == query.shape[0] &&
                      tensor->shape[1] == query.shape[1] && tensor->shape[2] == node.kv_heads * width &&
                      tensor->dtype == query.dtype;
    if (!fits) refuse_width(argument, *tensor);
  }
  return {heads_of(query, node.heads, width, 0), heads_of(*key, node.kv_heads, width, 0),
          heads_of(*value, node.kv_heads, width, 0)};
}

/// How much of the cache there is. The first call of a generation has its rows from position 0 on, and may be
/// padded on the right; later ones end at their length.
struct Lengths {
  std::vector<int32_t> total;  ///< keys of each batch entry
  int64_t longest;
  bool prompt;
};

Lengths read_lengths(const KernelValues& values, int64_t batch, int64_t rows) {
  auto total = values.indices(kSeqlensK, "kvLengths");
  const auto longest = values.indices(kTotalSequenceLength, "kvLengths");
  if (!total || static_cast<int64_t>(total->size()) != batch || !longest || longest->size() != 1) {
    const auto count = [](const auto& values) { return std::to_string(values ? values->size() : 0); };
    refuse(ErrorCode::SHAPE_MISMATCH, "kvLengths",
           std::to_string(batch) + " seqlens_k and one total_sequence_length",
           count(total) + " and " + count(longest));
  }
  if (longest->front() < rows) {
    refuse(ErrorCode::INVALID_ARGUMENT, "kvLengths",
           "a total_sequence_length of at least the rows, " + std::to_string(rows),
           std::to_string(longest->front()));
  }
  Lengths lengths{std::move(*total), longest->front(), longest->front() == rows};
  const int64_t shortest = lengths.prompt ? 0 : rows;
  for (int32_t& last : lengths.total) {
    const int64_t keys = int64_t{last} + 1;  // the node counts from 0
    if (keys < shortest || keys > lengths.longest) {
      refuse(ErrorCode::INVALID_ARGUMENT, "kvLengths",
             "lengths from " + std::to_string(shortest) + " to " + std::to_string(lengths.longest),
             std::to_string(keys));
    }
    last = static_cast<int32_t>(keys);
  }
  return lengths;
}

RotaryTables read_tables(const KernelValues& values, bool interleaved, int64_t width) {
  const Tensor cos = values.required(kCosCache, "rope"), sin = values.required(kSinCache, "rope");
  if (cos.rank != 2 || cos.dtype != DType::float32 || sin.dtype != DType::float32 || sin.shape != cos.shape ||
      cos.shape[1] > width / 2) {
    refuse(ErrorCode::SHAPE_MISMATCH, "rope", "cos_cache and sin_cache float32 [positions, rotaryDim / 2]",
           shape_text(cos));
  }
  return {reinterpret_cast<const float*>(cos.data), reinterpret_cast<const float*>(sin.data), cos.shape[0],
          cos.shape[1], interleaved};
}

/// A dense copy of new float32 rows [B, H, L, D], rotated by their places in the cache.
Tensor rotated(const Tensor& rows, const RotaryTables& tables, const CacheRows& places,
               std::vector<float>& copy) {
  Tensor result = packed_tensor(rows.shape, DType::float32);
  const auto [batch, heads, length, width] = rows.shape;
  copy.resize(static_cast<size_t>(batch * heads * length * width));
  const auto* source = reinterpret_cast<const float*>(rows.data);
  float* row = copy.data();
  for (int64_t b = 0; b < batch; ++b) {
    for (int64_t h = 0; h < heads; ++h) {
      for (int64_t i = 0; i < length; ++i, row += width) {
        std::copy_n(source + b * rows.strides[0] + h * rows.strides[1] + i * rows.strides[2], width, row);
        rotate_row(tables, places.first[static_cast<size_t>(b)] + i, row);
      }
    }
  }
  result.data = reinterpret_cast<std::byte*>(copy.data());
  result.bytes = copy.size() * sizeof(float);
  return result;
}

/// An output of the cache, or memory of our own where the node leaves it out.
Tensor cache_output(const KernelValues& values, size_t index, const Tensor& like, int64_t capacity,
                    std::vector<std::byte>& own) {
  const std::array<int64_t, 4> shape{like.shape[0], like.shape[1], capacity, like.shape[3]};
  if (const auto output = values.output(index, shape)) return *output;
  Tensor tensor = packed_tensor(shape, like.dtype);
  tensor.bytes = static_cast<size_t>(span_bytes(tensor).value_or(0));
  own.resize(tensor.bytes);
  tensor.data = own.data();
  return tensor;
}

class Operator final : public NodeOperator {
 public:
  explicit Operator(GroupQueryAttention node) : node_(node) {}

  void compute(const KernelValues& values) const override {
    Operands operands = read_operands(node_, values);
    const auto [batch, heads, rows, width] = operands.q.shape;
    Lengths lengths = read_lengths(values, batch, rows);
    CacheRows added{std::vector<int32_t>(static_cast<size_t>(batch), 0), rows};
    if (!lengths.prompt) {
      std::transform(lengths.total.begin(), lengths.total.end(), added.first.begin(),
                     [&](int32_t keys) { return static_cast<int32_t>(keys - rows); });
    }
    std::vector<float> rotated_q, rotated_k;
    if (node_.rotary) {
      const RotaryTables tables = read_tables(values, node_.interleaved, width);
      operands.q = rotated(operands.q, tables, added, rotated_q);
      operands.k = rotated(operands.k, tables, added, rotated_k);
    }

    ForwardCall call = translate(operands, lengths);
    std::vector<std::byte> own_keys, own_values;
    fill_cache(values, operands, lengths, added, call, own_keys, own_values);
    call.inputs.bias = values.input(kAttentionBias, "bias");
    call.inputs.sinks = values.input(kHeadSink, "sinks");
    std::vector<float> zeros(static_cast<size_t>(heads), 0.0F);
    if (node_.smooth_softmax && !call.inputs.sinks) {
      Tensor sinks = packed_tensor(std::array{heads}, DType::float32);
      sinks.data = reinterpret_cast<std::byte*>(zeros.data());
      sinks.bytes = zeros.size() * sizeof(float);
      call.inputs.sinks = sinks;
    }
    checked_output_shapes(call.inputs, call.options, Direction::forward);
    const int64_t shape[] = {batch, rows, heads * width};
    call.out = heads_of(values.output(kOutput, shape).value(), heads, width, 0);
    run_on_session(values, call);
  }

 private:
  ForwardCall translate(const Operands& operands, Lengths& lengths) const {
    ForwardCall call;
    if (node_.scale != 0) call.options.scale = node_.scale;
    if (node_.softcap != 0) call.options.softcap = node_.softcap;
    if (node_.causal) {
      call.options.causal.diagonal = lengths.prompt ? Diagonal::topLeft : Diagonal::bottomRight;
      if (node_.window > 0) call.options.window = Window{node_.window - 1, -1};
    }
    call.inputs.q = operands.q;
    call.inputs.kv_lengths = index_tensor(lengths.total);
    return call;
  }

  /// The keys and values of the call are the rows of the cache that are in use.
  void fill_cache(const KernelValues& values, const Operands& operands, const Lengths& lengths,
                  const CacheRows& added, ForwardCall& call, std::vector<std::byte>& own_keys,
                  std::vector<std::byte>& own_values) const {
    const auto past_key = values.input(kPastKey, "k"), past_value = values.input(kPastValue, "v");
    const int64_t past = past_key ? past_key->shape[2] : 0;
    int64_t needed = 0;
    for (const int32_t first : added.first) needed = std::max<int64_t>(needed, first);
    for (const auto& [argument, cache, rows] :
         {std::tuple("k", past_key, operands.k), std::tuple("v", past_value, operands.v)}) {
      const bool fits = cache && cache->rank == 4 && cache->dtype == rows.dtype &&
                        cache->shape[0] == rows.shape[0] && cache->shape[1] == rows.shape[1] &&
                        cache->shape[2] == past && cache->shape[3] == rows.shape[3];
      if (cache ? fits && needed <= past : needed == 0) continue;
      refuse(ErrorCode::SHAPE_MISMATCH, argument,
             "a past [B, Hkv, " + std::to_string(needed) + " or more, D] of its dtype",
             cache ? shape_text(*cache) : "none");
    }
    const int64_t capacity = std::max(past, lengths.longest);
    const Tensor keys = cache_output(values, kPresentKey, operands.k, capacity, own_keys);
    const Tensor cached = cache_output(values, kPresentValue, operands.v, capacity, own_values);
    append_rows(past_key.value_or(Tensor{}), operands.k, added, keys);
    append_rows(past_value.value_or(Tensor{}), operands.v, added, cached);
    call.inputs.k = keys;
    call.inputs.v = cached;
    call.inputs.k.shape[2] = call.inputs.v.shape[2] = lengths.longest;
  }

  const GroupQueryAttention node_;
};

}  // namespace

std::unique_ptr<NodeOperator> make_group_query_attention(const Attributes& attributes) {
  return std::make_unique<Operator>(read_group_query(attributes));
}

}  // namespace fa::ort
