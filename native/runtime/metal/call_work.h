// A call's tensors inside its Work, in the kernels' terms: what forward.cc, decode.cc and backward.cc build
// on.
#pragma once
#include <cstring>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "fa/bindings.h"
#include "fa/params.h"
#include "metal/gpu.h"
#include "metal/metal_plan.h"
#include "metal/row_copies.h"

namespace fa::metal {

class CallWork {
 public:
  /// @throws Error for strides and tensors that the kernels or the device's buffers cannot have
  CallWork(const Problem& problem, const MetalPlan& plan, const Capabilities& capabilities,
           const AttentionInputs& inputs);

  /// Rows of T, as q is; what kernels read or write, with the strides of that. The argument's public name is
  /// for refusals.
  Memory rows_in(RowKind kind, const char* argument, const Tensor& tensor, RowStrides& strides);
  Memory rows_out(RowKind kind, const char* argument, const Tensor& tensor, RowStrides& strides);
  /// [B, Hq, Lq] floats, or two of them.
  std::optional<Memory> floats_in(const std::optional<Tensor>& tensor);
  std::optional<Memory> floats_out(const std::optional<Tensor>& tensor);
  Memory scratch(int64_t bytes) { return work.scratch(static_cast<size_t>(bytes)); }

  /// A dispatch over `heads` query heads with AttentionParams bound, and nothing else. Everything that is
  /// told to this object must have been told before.
  Dispatch& dispatch(const MetalVariant& variant, int64_t heads, int stage);

  /// All dispatches, by stage. Nothing may be added afterwards.
  Work finish();

  /// q, k, mask, bias and slopes: what scores are made of.
  void bind_scores(Dispatch& dispatch) const;
  /// What makes scores special, for kernels that take dS and not what it is made of.
  void tell_of_scores(Dispatch& dispatch) const;
  void bind_sinks(Dispatch& dispatch) const;
  static void bind(Dispatch& dispatch, int index, Memory memory) {
    dispatch.bindings.push_back({index, memory});
  }
  static void bind(Dispatch& dispatch, int index, std::optional<Memory> memory) {
    if (memory) bind(dispatch, index, *memory);
  }
  template <typename Struct>
  static void pass(Dispatch& dispatch, int index, const Struct& value) {
    std::vector<std::byte> bytes(sizeof value);
    std::memcpy(bytes.data(), &value, sizeof value);
    dispatch.parameters.push_back({index, std::move(bytes)});
  }

  Work work;
  AttentionParams params{};
  std::vector<Sequence> sequences;  ///< empty unless they have lengths of their own
  Memory q, k, v;

 private:
  struct TaskList {
    Memory memory;
    int64_t count;  ///< tasks of one head
  };

  const Tensor& checked(const char* argument, const Tensor& tensor);
  RowStrides strides_of(RowKind kind, const Tensor& tensor) const;
  RowStrides strides_in_place(RowKind kind, const char* argument, const Tensor& tensor);
  ScoreStrides score_strides_of(const Tensor& tensor) const;
  void add_task_list(Dispatch& dispatch, int64_t heads);
  double multiply_adds(const MetalVariant& variant, int64_t heads) const;

  const Problem& problem_;
  const MetalPlan& plan_;
  const Capabilities& capabilities_;
  RowCopies copies_;
  std::optional<Memory> mask_, bias_, slopes_, sinks_, sequence_table_;
  std::map<std::pair<bool, int>, TaskList> task_lists_;  ///< by (of keys, rows of a task)
  FunctionConstants shared_;                             ///< what all dispatches have in common
};

}  // namespace fa::metal
