#include "metal/row_copies.h"

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "fa/bindings.h"
#include "metal/call_params.h"
#include "metal/saturating.h"
#include "metal/task_lists.h"
#include "sequences.h"

namespace fa::metal {

namespace {

bool is_gradient_of_keys(RowKind kind) { return kind == RowKind::dk || kind == RowKind::dv; }

std::optional<Memory> input(Work& work, const std::optional<Tensor>& tensor) {
  if (!tensor) return std::nullopt;
  return work.input(*tensor);
}

template <typename Struct>
Parameters parameters(int index, const Struct& value) {
  std::vector<std::byte> bytes(sizeof value);
  std::memcpy(bytes.data(), &value, sizeof value);
  return {index, std::move(bytes)};
}

/// Rows of k and v that exist, of the longest sequence.
int64_t longest(const std::vector<Sequence>& sequences) {
  int most = 0;
  for (const Sequence& sequence : sequences) most = std::max(most, sequence.band.keys);
  return most;
}

}  // namespace

RowCopies::RowCopies(const Problem& problem, MetalRoute route, const MetalVariant* prepare,
                     const AttentionInputs& inputs, Work& work)
    : problem_(problem),
      route_(route),
      prepare_(prepare),
      inputs_(inputs),
      work_(work),
      copied_(copied_rows(problem, route)) {
  if (!any()) return;
  sequences_ = sequences_of(problem, inputs);
  sequence_table_ = work.table(sequences_);
  pages_ = input(work, inputs.block_table);
  cosines_ = input(work, inputs.rope_cos);
  sines_ = input(work, inputs.rope_sin);
  positions_q_ = input(work, inputs.positions_q);
  positions_k_ = input(work, inputs.positions_k);
  k_scale_ = input(work, inputs.k_scale);
  v_scale_ = input(work, inputs.v_scale);
}

bool RowCopies::copies(RowKind kind) const {
  if (kind == RowKind::q) return copied_.q;
  if (kind == RowKind::k) return copied_.k;
  if (kind == RowKind::v) return copied_.v;
  return copied_.widens;
}

Memory RowCopies::copy_in(RowKind kind, Memory from, const RowStrides& from_strides, RowStrides& strides) {
  const Memory to = scratch_for(kind, strides);
  RowCopy copy = copy_of(kind);
  copy.from = from_strides;
  copy.to = strides;
  copy.to_elements = copied_.widens ? kElementsFloat : kElementsOfT;
  add_storage(kind, copy);
  if (kind == RowKind::q || kind == RowKind::k) add_rotation(kind, copy);
  add(kind, copy, from, to, 0);
  return to;
}

Memory RowCopies::copy_out(RowKind kind, Memory to, const RowStrides& to_strides, RowStrides& strides) {
  const Memory from = scratch_for(kind, strides);
  RowCopy copy = copy_of(kind);
  copy.from = strides;
  copy.to = to_strides;
  copy.from_elements = kElementsFloat;
  copy.back = 1;
  if (kind == RowKind::dq || kind == RowKind::dk) add_rotation(kind, copy);
  back_.push_back({kind, copy, from, to});
  return from;
}

void RowCopies::turn_back(RowKind kind, Memory rows, const RowStrides& strides) {
  if (problem_.rotary_pairs == 0 || (kind != RowKind::dq && kind != RowKind::dk)) return;
  RowCopy copy = copy_of(kind);
  copy.from = copy.to = strides;
  copy.back = 1;
  add_rotation(kind, copy);
  back_.push_back({kind, copy, rows, rows});
}

void RowCopies::finish() {
  int stage = 0;
  for (const Dispatch& dispatch : work_.dispatches) stage = std::max(stage, dispatch.stage + 1);
  for (const Back& back : back_) add(back.kind, back.copy, back.from, back.to, stage);
}

RowCopy RowCopies::copy_of(RowKind kind) const {
  RowCopy copy{};
  copy.heads = static_cast<int>(heads_of(kind, problem_));
  copy.columns = static_cast<int>(columns_of(kind, problem_));
  copy.of_queries = of_queries(kind);
  copy.past_length = is_gradient_of_keys(kind);
  return copy;
}

/// Pages and scales.
void RowCopies::add_storage(RowKind kind, RowCopy& copy) const {
  if (kind != RowKind::k && kind != RowKind::v) return;
  const bool paged = problem_.page_size > 0;
  if (paged) {
    copy.page_size = static_cast<int>(problem_.page_size);
    copy.pages_batch = inputs_.block_table->strides[0];
  }
  const std::optional<Tensor>& scale = kind == RowKind::k ? inputs_.k_scale : inputs_.v_scale;
  if (!scale) return;
  copy.from_elements = kElementsInt8;
  copy.scales = {scale->strides[0], scale->strides[paged ? 2 : 1], scale->strides[paged ? 1 : 2]};
}

void RowCopies::add_rotation(RowKind kind, RowCopy& copy) const {
  if (problem_.rotary_pairs == 0) return;
  copy.pairs = static_cast<int>(problem_.rotary_pairs);
  copy.interleaved = problem_.rope_style == RopeStyle::interleaved;
  copy.cos_row = inputs_.rope_cos->strides[0];
  copy.sin_row = inputs_.rope_sin->strides[0];
  const std::optional<Tensor>& positions = of_queries(kind) ? inputs_.positions_q : inputs_.positions_k;
  if (!positions) return;
  copy.has_positions = 1;
  copy.positions_batch = positions->rank == 2 ? positions->strides[0] : 0;
}

Memory RowCopies::scratch_for(RowKind kind, RowStrides& strides) {
  int64_t rows = of_queries(kind) ? problem_.query_length : problem_.key_length;
  // A cache of great capacity, or many pages, may hold little.
  if (!of_queries(kind) && !is_gradient_of_keys(kind) && !problem_.packed()) rows = longest(sequences_);
  const int64_t columns = columns_of(kind, problem_);
  strides.row = columns;
  strides.head = product({rows, columns});
  strides.batch = problem_.packed() ? 0 : product({heads_of(kind, problem_), strides.head});
  return work_.scratch(
      static_cast<size_t>(copied_bytes_of(kind, problem_, computed_dtype(problem_, route_), rows)));
}

RowCopies::List RowCopies::list_of(const RowCopy& copy) {
  std::optional<List>& list = copy.of_queries ? of_queries_ : copy.past_length ? of_stored_keys_ : of_keys_;
  if (!list) {
    const auto length = [&](const Sequence& of) {
      return copy.of_queries ? of.queries : copy.past_length ? of.stored_keys : of.band.keys;
    };
    const auto places = row_tasks(sequences_, prepare_->rows * prepare_->simdgroups, length);
    list = {work_.table(places), static_cast<int64_t>(places.size())};
  }
  return *list;
}

void RowCopies::add(RowKind kind, const RowCopy& copy, Memory from, Memory to, int stage) {
  const List list = list_of(copy);
  Dispatch& made = work_.dispatches.emplace_back();
  made.variant = prepare_;
  made.stage = stage;
  made.tasks = product({list.count, copy.heads});
  made.multiply_adds = static_cast<double>(made.tasks) * prepare_->rows * prepare_->simdgroups * copy.columns;
  made.first_task_offset = offsetof(AttentionParams, first_task);
  made.parameters = {parameters(binding::kParams, params_of(problem_)), parameters(binding::kRowCopy, copy)};
  // What a copy does not read has to be something.
  const auto bind = [&](int index, const std::optional<Memory>& memory) {
    made.bindings.push_back({index, memory.value_or(sequence_table_)});
  };
  if (from.index == to.index) {
    bind(binding::kCopyFrom, std::nullopt);  // in place: no two buffers of a dispatch may overlap
  } else {
    bind(binding::kCopyFrom, from);
  }
  bind(binding::kCopyTo, to);
  bind(binding::kCopyScales, kind == RowKind::k ? k_scale_ : v_scale_);
  bind(binding::kCopyPages, pages_);
  bind(binding::kCopyCos, cosines_);
  bind(binding::kCopySin, sines_);
  bind(binding::kCopyPositions, of_queries(kind) ? positions_q_ : positions_k_);
  bind(binding::kSequences, sequence_table_);
  bind(binding::kTaskList, list.memory);
}

}  // namespace fa::metal
