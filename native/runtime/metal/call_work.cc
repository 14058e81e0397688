#include "metal/call_work.h"

#include <algorithm>
#include <limits>

#include "error.h"
#include "generated/limits.h"
#include "metal/call_params.h"
#include "metal/saturating.h"
#include "metal/task_lists.h"
#include "sequences.h"

namespace fa::metal {

namespace {

int bias_type_of(DType dtype) {
  if (dtype == DType::float16) return kBiasFloat16;
  return dtype == DType::bfloat16 ? kBiasBfloat16 : kBiasFloat32;
}

/// Every row starts at a multiple of four elements, in memory and counted from the tensor's start.
bool starts_in_fours(const Tensor& tensor) {
  const auto address = reinterpret_cast<uintptr_t>(tensor.data);
  if (address % static_cast<uintptr_t>(4 * element_size(tensor.dtype)) != 0) return false;
  for (int axis = 0; axis + 1 < tensor.rank; ++axis) {
    if (tensor.shape[axis] > 1 && tensor.strides[axis] % 4 != 0) return false;
  }
  return true;
}

/// At most so many keys are visible to a row of sequences of one length.
int64_t keys_per_row(const Problem& problem) {
  const int64_t reach = int64_t{problem.band.hi} - problem.band.lo + 1;
  return std::clamp<int64_t>(reach, 0, problem.key_length);
}

/// Of vectors as [Hq] or [B, Hq].
int64_t batch_stride(const Tensor& tensor) {
  return tensor.rank == 2 && tensor.shape[0] > 1 ? tensor.strides[0] : 0;
}

}  // namespace

CallWork::CallWork(const Problem& problem, const MetalPlan& plan, const Capabilities& capabilities,
                   const AttentionInputs& inputs)
    : params(params_of(problem)),
      problem_(problem),
      plan_(plan),
      capabilities_(capabilities),
      copies_(problem, plan.route->route, plan.helper(MetalKernel::prepare), inputs, work) {
  const MetalVariant& variant = *plan.variants.front();
  shared_.aligned = problem.head_dim == variant.width && problem.value_dim == variant.value_width;
  q = rows_in(RowKind::q, "q", inputs.q, params.q);
  k = rows_in(RowKind::k, "k", inputs.k, params.k);
  v = rows_in(RowKind::v, "v", inputs.v, params.v);
  if (inputs.mask) {
    mask_ = work.input(checked("mask", *inputs.mask));
    params.mask = score_strides_of(*inputs.mask);
    shared_.has_mask = true;
  }
  if (inputs.bias) {
    bias_ = work.input(checked("bias", *inputs.bias));
    params.bias = score_strides_of(*inputs.bias);
    shared_.has_bias = true;
    shared_.bias_type = bias_type_of(inputs.bias->dtype);
  }
  if (inputs.alibi_slopes) {
    slopes_ = work.input(*inputs.alibi_slopes);
    params.alibi_batch = batch_stride(*inputs.alibi_slopes);
    shared_.has_alibi = true;
  }
  if (inputs.sinks) sinks_ = work.input(*inputs.sinks);
  shared_.has_softcap = problem.has(Feature::softcap);
  shared_.has_dropout = problem.has(Feature::dropout);
  if (!problem.ragged()) return;
  sequences = sequences_of(problem, inputs);
  sequence_table_ = work.table(sequences);
  shared_.has_sequences = true;
  shared_.is_packed = problem.packed();
}

const Tensor& CallWork::checked(const char* argument, const Tensor& tensor) {
  const int64_t bytes = span_bytes(tensor).value_or(std::numeric_limits<int64_t>::max());
  const int64_t limit = capabilities_.max_buffer_bytes;
  if (limit == 0 || bytes <= limit) return tensor;
  refuse(ErrorCode::UNSUPPORTED, argument,
         "at most " + std::to_string(limit) + " bytes, the longest buffer of this device",
         std::to_string(bytes));
}

/// Axes of a [B, H, L, D] tensor in either layout, of packed sequences [T, H, D], or of pages
/// [pages, pageSize, H, D].
RowStrides CallWork::strides_of(RowKind kind, const Tensor& tensor) const {
  const auto stride = [&](int axis) { return tensor.shape[axis] == 1 ? 0 : tensor.strides[axis]; };
  if (problem_.packed()) return {0, stride(1), stride(0)};
  const bool paged = problem_.page_size > 0 && (kind == RowKind::k || kind == RowKind::v);
  const bool bhld = problem_.layout == Layout::bhld && !paged;
  return {stride(0), stride(bhld ? 1 : 2), stride(bhld ? 2 : 1)};
}

/// Of rows that kernels read or write in place.
RowStrides CallWork::strides_in_place(RowKind kind, const char* argument, const Tensor& tensor) {
  const RowStrides strides = strides_of(kind, tensor);
  if (strides.row > kMaxMetalRowStride) {
    refuse(ErrorCode::UNSUPPORTED, argument,
           "rows at most " + std::to_string(kMaxMetalRowStride) + " elements apart in the metal backend",
           std::to_string(strides.row));
  }
  shared_.aligned = shared_.aligned && starts_in_fours(tensor);
  return strides;
}

ScoreStrides CallWork::score_strides_of(const Tensor& tensor) const {
  const auto stride = [&](int axis) { return tensor.shape[axis] == 1 ? 0 : tensor.strides[axis]; };
  return {stride(0), stride(1), stride(2)};
}

Memory CallWork::rows_in(RowKind kind, const char* argument, const Tensor& tensor, RowStrides& strides) {
  const Memory memory = work.input(checked(argument, tensor));
  if (copies_.copies(kind)) return copies_.copy_in(kind, memory, strides_of(kind, tensor), strides);
  strides = strides_in_place(kind, argument, tensor);
  return memory;
}

Memory CallWork::rows_out(RowKind kind, const char* argument, const Tensor& tensor, RowStrides& strides) {
  const Memory memory = work.output(checked(argument, tensor));
  if (copies_.copies(kind)) return copies_.copy_out(kind, memory, strides_of(kind, tensor), strides);
  strides = strides_in_place(kind, argument, tensor);
  copies_.turn_back(kind, memory, strides);
  return memory;
}

std::optional<Memory> CallWork::floats_in(const std::optional<Tensor>& tensor) {
  if (!tensor) return std::nullopt;
  return work.input(*tensor);
}

std::optional<Memory> CallWork::floats_out(const std::optional<Tensor>& tensor) {
  if (!tensor) return std::nullopt;
  return work.output(*tensor);
}

void CallWork::bind_scores(Dispatch& dispatch) const {
  bind(dispatch, binding::kQ, q);
  bind(dispatch, binding::kK, k);
  bind(dispatch, binding::kMask, mask_);
  bind(dispatch, binding::kBias, bias_);
  bind(dispatch, binding::kAlibiSlopes, slopes_);
  tell_of_scores(dispatch);
}

void CallWork::tell_of_scores(Dispatch& dispatch) const {
  dispatch.constants.has_mask = shared_.has_mask;
  dispatch.constants.has_bias = shared_.has_bias;
  dispatch.constants.bias_type = shared_.bias_type;
  dispatch.constants.has_alibi = shared_.has_alibi;
  dispatch.constants.has_softcap = shared_.has_softcap;
  dispatch.constants.has_dropout = shared_.has_dropout;
}

void CallWork::bind_sinks(Dispatch& dispatch) const {
  bind(dispatch, binding::kSinks, sinks_);
  dispatch.constants.has_sinks = sinks_.has_value();
}

/// An upper bound, so that no part of a causal grid takes longer than its share.
double CallWork::multiply_adds(const MetalVariant& variant, int64_t heads) const {
  const double rows = static_cast<double>(product({heads, problem_.query_length}));
  const int64_t keys = problem_.ragged() ? keys_of_row(sequences) : keys_per_row(problem_);
  const double pairs = rows * static_cast<double>(keys);
  const double width = variant.width, value_width = variant.value_width;
  switch (variant.kernel) {
    case MetalKernel::forward:
    case MetalKernel::decode:
      return pairs * (width + value_width);
    case MetalKernel::delta:
      return rows * value_width;
    case MetalKernel::dq:
      return pairs * (2 * width + value_width);
    case MetalKernel::dkv:
    case MetalKernel::shortDkv:
      return pairs * (width + value_width + (variant.pass == 3 ? width + value_width : width));
    case MetalKernel::dqStored:
    case MetalKernel::shortDq:
      return pairs * width;
    case MetalKernel::decodeReduce:
      return rows * value_width * static_cast<double>(plan_.splits.count);
    case MetalKernel::dBias:
      return pairs * (width + value_width);
    case MetalKernel::headSums:
      return rows;
    case MetalKernel::dBiasSum:
    case MetalKernel::prepare:
      break;
  }
  return 0;
}

Dispatch& CallWork::dispatch(const MetalVariant& variant, int64_t heads, int stage) {
  Dispatch& made = work.dispatches.emplace_back();
  made.variant = &variant;
  made.constants.aligned = shared_.aligned;
  made.constants.has_sequences = shared_.has_sequences;
  made.constants.is_packed = shared_.is_packed;
  made.tasks = tasks_of(variant, problem_, heads, plan_.splits.count);
  bind(made, binding::kSequences, sequence_table_);
  if (shared_.is_packed) add_task_list(made, heads);
  made.multiply_adds = multiply_adds(variant, heads);
  made.stage = stage + (copies_.any() ? 1 : 0);  // behind the copies
  made.first_task_offset = offsetof(AttentionParams, first_task);
  pass(made, binding::kParams, params);
  return made;
}

Work CallWork::finish() {
  copies_.finish();
  std::stable_sort(work.dispatches.begin(), work.dispatches.end(),
                   [](const Dispatch& a, const Dispatch& b) { return a.stage < b.stage; });
  return std::move(work);
}

void CallWork::add_task_list(Dispatch& dispatch, int64_t heads) {
  const TaskAxis axis = task_axis(dispatch.variant->kernel);
  if (axis == TaskAxis::none) return;
  const bool of_keys = axis == TaskAxis::keys;
  const int rows = dispatch.variant->rows * dispatch.variant->simdgroups;
  const auto [found, is_new] = task_lists_.try_emplace({of_keys, rows});
  TaskList& list = found->second;
  if (is_new) {
    const auto places = of_keys ? key_tasks(sequences, rows) : query_tasks(sequences, rows);
    list = {work.table(places), static_cast<int64_t>(places.size())};
  }
  bind(dispatch, binding::kTaskList, list.memory);
  dispatch.tasks = product({of_keys ? heads / group_of(problem_) : heads, list.count});
}

}  // namespace fa::metal
