// What the threads of the running threadgroup did to one kind of memory, and when, in barriers. One per
// worker and kind of memory; used by that worker alone.
#pragma once

#include <memory>
#include <unordered_map>

#include "check/check_cell.h"

namespace softmetal {

// Time counts the barriers that order this kind of memory; it never goes back, so the past of an earlier
// threadgroup is stale by its number alone.
class GroupClock {
 public:
  void begin_group() { begin_ = ordered_ = met_ = ++now_; }
  void threadgroup_barrier(bool orders) {
    met_ = ++now_;
    if (orders) ordered_ = now_;
  }
  void simdgroup_barrier(uint32_t simdgroup, bool orders) {
    if (orders) simdgroup_ordered_[simdgroup] = ++now_;
  }
  void restart() { *this = GroupClock(); }

  uint32_t now() const { return now_; }
  bool in_this_group(Slot past) const { return time_of(past) >= begin_; }
  bool nearly_over() const { return now_ > 0xf0000000u; }
  // A threadgroup barrier lies between, though not one for this kind of memory.
  bool met_since(Slot past) const { return time_of(past) < met_; }

  bool concurrent(Slot past, uint32_t thread) const {
    uint32_t time = time_of(past);
    if (time < ordered_) return false;
    uint32_t other = thread_of(past);
    if (other == thread) return false;
    return other / SM_LANES != thread / SM_LANES || time >= simdgroup_ordered_[thread / SM_LANES];
  }

 private:
  uint32_t now_ = 0, begin_ = 0;
  uint32_t ordered_ = 0;  // when the last threadgroup barrier for this memory was
  uint32_t met_ = 0;      // when the last one of any kind was
  uint32_t simdgroup_ordered_[(1 << kThreadBits) / SM_LANES] = {};
};

class GroupHistory {
 public:
  GroupClock clock;

  void begin_group();

  // Checks one access that lies inside one page and enters it. `found` is called with each past access that
  // conflicts, its kind, and the offset in the page of the first byte in question. `fresh` becomes true when
  // the threadgroup does this to some of the bytes for the first time; `blank` when some of them were never
  // written in it.
  struct Result {
    bool fresh = false, blank = false;
  };
  template <class Found>
  Result enter(uint64_t page_number, uint32_t offset, uint32_t size, sm_access_kind kind, uint32_t thread,
               uint32_t site, Found& found);

  // Whether some thread of this threadgroup wrote the byte.
  bool written(uint64_t address);

 private:
  Page& page(uint64_t number) {
    Near& near = near_[number % kNear];
    if (near.number != number || !near.page) [[unlikely]] {
      near = {number, &pages_[number]};
    }
    return *near.page;
  }
  Page* reshaped(uint64_t number, uint32_t offset, uint32_t size, sm_access_kind kind);
  void forget_all();
  bool cell_written(const Slot* cell, int columns) const {
    return clock.in_this_group(cell[kWrite]) ||
           (columns == kAllColumns &&
            (clock.in_this_group(cell[kAtomic]) || clock.in_this_group(cell[kAtomic + 1])));
  }

  struct Near {
    uint64_t number = 0;
    Page* page = nullptr;
  };
  static constexpr size_t kNear = 128;
  Near near_[kNear];
  std::unordered_map<uint64_t, Page> pages_;
  Arena arena_;
};

struct ThreadOrder {
  const GroupClock& clock;
  uint32_t thread;
  bool concurrent(Slot past) const { return clock.concurrent(past, thread); }
  bool same_side(Slot a, Slot b) const { return thread_of(a) / SM_LANES == thread_of(b) / SM_LANES; }
};

template <class Found>
GroupHistory::Result GroupHistory::enter(uint64_t page_number, uint32_t offset, uint32_t size,
                                         sm_access_kind kind, uint32_t thread, uint32_t site, Found& found) {
  Page* known = &page(page_number);
  if (!known->fits(offset, size, kind)) [[unlikely]] {
    known = reshaped(page_number, offset, size, kind);
    if (!known) return {true, false};
  }
  Page& page = *known;
  Result result;
  ThreadOrder order{clock, thread};
  Slot present = make_slot(clock.now(), thread, site);
  auto conflict = [&](const Slot* at, Slot past, sm_access_kind past_kind) {
    found(past, past_kind, page.offset_of(at));
  };
  int columns = page.columns, own = column_of(kind);
  Slot* cell = page.cell(page.first_cell(offset));
  for (uint32_t n = page.end_cell(offset, size) - page.first_cell(offset); n > 0; --n, cell += columns) {
    result.fresh |= !clock.in_this_group(cell[own]);
    result.blank |= !cell_written(cell, columns);
    check_cell(cell, columns, kind, present, order, conflict);
  }
  return result;
}

}  // namespace softmetal
