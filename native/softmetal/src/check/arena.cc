#include "check/arena.h"

#include <sys/mman.h>

namespace softmetal {

Slot* Arena::allocate(size_t count) {
  if (used_ + count > kPieceSlots) {
    ++full_;
    used_ = 0;
  }
  if (full_ == slabs_.size()) {
    void* slab =
        mmap(nullptr, kSlabBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (slab == MAP_FAILED) return nullptr;
    slabs_.push_back(static_cast<Slot*>(slab));
  }
  Slot* piece = slabs_[full_] + used_;
  used_ += count;
  return piece;
}

void Arena::release() {
  for (Slot* slab : slabs_) munmap(slab, kSlabBytes);
  slabs_.clear();
  rewind();
}

}  // namespace softmetal
