#include "tensor_slots.h"

#include <cstring>

#include "runtime/error.h"

namespace fa::tensorflow {
namespace {

#define FA_INPUT(field) [](CallTensors& tensors) -> Tensor& { return tensors.inputs.field; }
#define FA_OPTIONAL_INPUT(field) \
  [](CallTensors& tensors) -> Tensor& { return tensors.inputs.field.emplace(); }
#define FA_STATE(field) [](CallTensors& tensors) -> Tensor& { return tensors.field; }
#define FA_OPTIONAL_STATE(field) [](CallTensors& tensors) -> Tensor& { return tensors.field.emplace(); }

constexpr Slot kSlots[] = {
    {"q", FA_INPUT(q)},
    {"k", FA_INPUT(k)},
    {"v", FA_INPUT(v)},
    {"mask", FA_OPTIONAL_INPUT(mask)},
    {"bias", FA_OPTIONAL_INPUT(bias)},
    {"alibiSlopes", FA_OPTIONAL_INPUT(alibi_slopes)},
    {"sinks", FA_OPTIONAL_INPUT(sinks)},
    {"kvLengths", FA_OPTIONAL_INPUT(kv_lengths)},
    {"cuSeqlensQ", FA_OPTIONAL_INPUT(cu_seqlens_q)},
    {"cuSeqlensK", FA_OPTIONAL_INPUT(cu_seqlens_k)},
    {"blockTable", FA_OPTIONAL_INPUT(block_table)},
    {"rope.cos", FA_OPTIONAL_INPUT(rope_cos)},
    {"rope.sin", FA_OPTIONAL_INPUT(rope_sin)},
    {"rope.positionsQ", FA_OPTIONAL_INPUT(positions_q)},
    {"rope.positionsK", FA_OPTIONAL_INPUT(positions_k)},
    {"kScale", FA_OPTIONAL_INPUT(k_scale)},
    {"vScale", FA_OPTIONAL_INPUT(v_scale)},
    {"out", FA_STATE(out)},
    {"lse", FA_STATE(lse)},
    {"dOut", FA_STATE(d_out)},
    {"dLse", FA_OPTIONAL_STATE(d_lse)},
    {"softmaxStats", FA_OPTIONAL_STATE(softmax_stats)},
    {"causalOffset", FA_OPTIONAL_STATE(causal_offset)},
    {"alignOffset", FA_OPTIONAL_STATE(align_offset)},
    {"dropoutSeed", FA_OPTIONAL_STATE(dropout_seed)},
};

#undef FA_INPUT
#undef FA_OPTIONAL_INPUT
#undef FA_STATE
#undef FA_OPTIONAL_STATE

constexpr GradientSlot kGradients[] = {
    {"bias", &AttentionInputs::bias, &BackwardCall::d_bias},
    {"alibiSlopes", &AttentionInputs::alibi_slopes, &BackwardCall::d_alibi_slopes},
    {"sinks", &AttentionInputs::sinks, &BackwardCall::d_sinks},
};

int64_t read_int64(const Tensor& tensor, const char* argument) {
  int64_t value = 0;
  if (tensor.dtype != DType::int32 || tensor.bytes != sizeof value) {
    refuse(ErrorCode::INVALID_ARGUMENT, argument, "int32 [2], the low and the high word",
           std::to_string(tensor.bytes) + " bytes of " + to_string(tensor.dtype));
  }
  std::memcpy(&value, tensor.data, sizeof value);
  return value;
}

}  // namespace

const Slot* find_slot(std::string_view name) {
  for (const Slot& slot : kSlots) {
    if (name == slot.name) return &slot;
  }
  return nullptr;
}

const GradientSlot* find_gradient(std::string_view name) {
  for (const GradientSlot& gradient : kGradients) {
    if (name == gradient.name) return &gradient;
  }
  return nullptr;
}

void read_scalars(const CallTensors& tensors, AttentionOptions& options) {
  if (tensors.causal_offset) options.causal.offset = read_int64(*tensors.causal_offset, "causal");
  if (tensors.align_offset && options.align)
    options.align->offset = read_int64(*tensors.align_offset, "align");
  if (tensors.dropout_seed && options.dropout) {
    options.dropout->seed = static_cast<uint64_t>(read_int64(*tensors.dropout_seed, "dropout"));
  }
}

}  // namespace fa::tensorflow
