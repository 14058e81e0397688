#include "check/group_history.h"

namespace softmetal {
namespace {

// Kept from one threadgroup to the next: small enough to stay in a core's cache, large enough that groups
// which read the same data find their pages again.
constexpr size_t kKeptBytes = 8 << 20;
// What one large threadgroup needed goes back to the system.
constexpr size_t kGivenBackBytes = 64 << 20;
// One threadgroup that goes over more memory than this (about 80 MB of floats) loses the older part of its
// history; the accesses between threadgroups are checked all the same.
constexpr size_t kMostBytes = 512 << 20;

}  // namespace

void GroupHistory::forget_all() {
  pages_.clear();
  for (Near& near : near_) near = {};
}

void GroupHistory::begin_group() {
  if (clock.nearly_over()) {
    forget_all();
    arena_.release();
    clock.restart();
  } else if (arena_.used_bytes() > kGivenBackBytes) {
    forget_all();
    arena_.release();
  } else if (arena_.used_bytes() > kKeptBytes) {
    forget_all();
    arena_.rewind();
  }
  clock.begin_group();
}

Page* GroupHistory::reshaped(uint64_t number, uint32_t offset, uint32_t size, sm_access_kind kind) {
  if (arena_.used_bytes() > kMostBytes) {
    forget_all();
    arena_.release();
  }
  Page& known = page(number);
  return known.reshape(offset, size, kind, arena_) ? &known : nullptr;
}

bool GroupHistory::written(uint64_t address) {
  auto found = pages_.find(address >> kPageShift);
  if (found == pages_.end() || !found->second.slots) return false;
  const Page& page = found->second;
  return cell_written(page.cell(page.first_cell(address & (kPageBytes - 1))), page.columns);
}

}  // namespace softmetal
