#include "engine/stacks.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <new>

namespace softmetal {

Stacks::Stacks(size_t table_bytes) : bytes_(kStackBytes * kMaxThreads + table_bytes) {
  void* base =
      mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (base == MAP_FAILED) throw std::bad_alloc();
  base_ = static_cast<char*>(base);
  free_.reserve(kMaxThreads);
}

Stacks::~Stacks() { munmap(base_, bytes_); }

bool Stacks::protect(int count) {
  for (; protected_ < count; protected_++) {
    if (mprotect(base_ + protected_ * kStackBytes, sysconf(_SC_PAGESIZE), PROT_NONE) != 0) return false;
  }
  return true;
}

int Stacks::take() {
  if (!free_.empty()) {
    int stack = free_.back();
    free_.pop_back();
    return stack;
  }
  constexpr int kBatch = 32;
  // Every guard page costs the system two mappings, so only stacks that are needed get one.
  if (used_ == protected_ && !protect(std::min(kMaxThreads, used_ + kBatch))) {
    if (used_ == protected_) return -1;
  }
  return used_++;
}

void Stacks::release_all() {
  free_.clear();
  used_ = 0;
}

// Tops differ in their low bits: equal ones would all fall into the same set of the first-level cache.
char* Stacks::top(int stack) const {
  constexpr int kColours = 61, kStep = 192;
  return base_ + (stack + 1) * kStackBytes - 64 - stack % kColours * kStep;
}

}  // namespace softmetal
