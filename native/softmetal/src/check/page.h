// The history of 1 KiB of memory: per cell the accesses that a later one can be in conflict with.
//
// Cells are as large as the smallest access so far (1 to 16 bytes), so the history is exact to the byte and
// yet small. A cell is a row of slots, one per column. Two readers are enough to catch every later writer: a
// writer that is ordered after both is ordered after all (see check_cell.h for which two are kept).
#pragma once

#include <algorithm>
#include <cstring>

#include "check/arena.h"
#include "kernel_abi.h"

namespace softmetal {

enum Column { kWrite, kRead, kAtomic = kRead + 2, kAtomicRead = kAtomic + 2, kAllColumns = kAtomicRead + 2 };
constexpr int kPlainColumns = kAtomic;  // all that a page needs on which no atomic works

inline bool is_atomic(sm_access_kind kind) { return kind >= SM_ATOMIC; }

constexpr uint32_t kPageShift = 10, kPageBytes = 1 << kPageShift, kLargestUnitShift = 4;

struct Page {
  Slot* slots = nullptr;
  uint8_t unit_shift = 0;  // a cell covers 1 << unit_shift bytes
  uint8_t columns = 0;

  Slot* cell(uint32_t index) const { return slots + index * columns; }
  uint32_t offset_of(const Slot* cell) const {
    return static_cast<uint32_t>((cell - slots) / columns) << unit_shift;
  }
  uint32_t first_cell(uint32_t offset) const { return offset >> unit_shift; }
  uint32_t end_cell(uint32_t offset, uint32_t size) const {
    return (offset + size + (1u << unit_shift) - 1) >> unit_shift;
  }
  size_t slot_count() const { return static_cast<size_t>(kPageBytes >> unit_shift) * columns; }

  bool fits(uint32_t offset, uint32_t size, sm_access_kind kind) const {
    return slots && ((offset | size) & ((1u << unit_shift) - 1)) == 0 &&
           (columns == kAllColumns || !is_atomic(kind));
  }

  // Gives the page cells that the access covers exactly, and columns for its kind. What is known is kept.
  // False when there is no memory.
  bool reshape(uint32_t offset, uint32_t size, sm_access_kind kind, Arena& arena) {
    uint32_t bits = offset | size | 1u << kLargestUnitShift;
    Page next;
    next.unit_shift = static_cast<uint8_t>(__builtin_ctz(bits));
    next.columns = is_atomic(kind) ? static_cast<uint8_t>(kAllColumns) : static_cast<uint8_t>(kPlainColumns);
    if (slots) {
      next.unit_shift = std::min(next.unit_shift, unit_shift);
      next.columns = std::max(next.columns, columns);
    }
    next.slots = arena.allocate(next.slot_count());
    if (!next.slots) return false;
    if (slots) copy_history(next);
    *this = next;
    return true;
  }

 private:
  void copy_history(Page& next) const {
    std::memset(next.slots, 0, next.slot_count() * sizeof(Slot));
    int finer = unit_shift - next.unit_shift;
    for (uint32_t i = 0; i < kPageBytes >> next.unit_shift; ++i) {
      std::memcpy(next.cell(i), cell(i >> finer), columns * sizeof(Slot));
    }
  }
};

}  // namespace softmetal
