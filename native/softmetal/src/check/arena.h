// Memory for histories: given out piece by piece, taken back all at once.
#pragma once

#include <cstddef>
#include <vector>

#include "check/slot.h"

namespace softmetal {

// Slots come zeroed at first; after rewind() they hold what they held.
class Arena {
 public:
  Arena() = default;
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;
  ~Arena() { release(); }

  // `count` at most kPieceSlots. Null when the system has no memory left.
  Slot* allocate(size_t count);
  size_t used_bytes() const { return full_ * kSlabBytes + used_ * sizeof(Slot); }
  void rewind() { full_ = used_ = 0; }
  // Everything goes back to the system; what is allocated later is zero.
  void release();

  static constexpr size_t kSlabBytes = 1 << 20;
  static constexpr size_t kPieceSlots = kSlabBytes / sizeof(Slot);

 private:
  std::vector<Slot*> slabs_;
  size_t full_ = 0, used_ = 0;  // slabs filled; slots given out of the one after
};

}  // namespace softmetal
