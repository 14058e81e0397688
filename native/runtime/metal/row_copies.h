// Rows that kernels do not find where, or as, the caller has them: in pages, in int8, before RoPE.
// prepare.metal copies them to scratch before the kernels run, and gradients back after them.
#pragma once
#include <optional>
#include <vector>

#include "fa/params.h"
#include "metal/copied_rows.h"
#include "metal/work.h"

namespace fa::metal {

/// The copies of one call.
class RowCopies {
 public:
  /// @param prepare may be null where nothing is copied
  RowCopies(const Problem& problem, MetalRoute route, const MetalVariant* prepare,
            const AttentionInputs& inputs, Work& work);

  bool any() const { return copied_.any(); }
  bool copies(RowKind kind) const;

  /// Rows in scratch, as kernels read them; copied in stage 0.
  Memory copy_in(RowKind kind, Memory from, const RowStrides& from_strides, RowStrides& strides);
  /// What kernels write in place of `to`.
  Memory copy_out(RowKind kind, Memory to, const RowStrides& to_strides, RowStrides& strides);
  /// Gradients that kernels have written to where they belong.
  void turn_back(RowKind kind, Memory rows, const RowStrides& strides);

  /// Adds what copy_out and turn_back asked for, behind all other stages.
  void finish();

 private:
  struct Back {
    RowKind kind;
    RowCopy copy;
    Memory from, to;
  };
  struct List {
    Memory memory;
    int64_t count = 0;  ///< tasks of one head
  };

  RowCopy copy_of(RowKind kind) const;
  void add_storage(RowKind kind, RowCopy& copy) const;
  void add_rotation(RowKind kind, RowCopy& copy) const;
  Memory scratch_for(RowKind kind, RowStrides& strides);
  List list_of(const RowCopy& copy);
  void add(RowKind kind, const RowCopy& copy, Memory from, Memory to, int stage);

  const Problem& problem_;
  const MetalRoute route_;
  const MetalVariant* const prepare_;
  const AttentionInputs& inputs_;
  Work& work_;
  const CopiedRows copied_;
  std::vector<Sequence> sequences_;
  Memory sequence_table_;
  std::optional<Memory> pages_, cosines_, sines_, positions_q_, positions_k_, k_scale_, v_scale_;
  std::optional<List> of_queries_, of_keys_, of_stored_keys_;
  std::vector<Back> back_;
};

}  // namespace fa::metal
