#include "cpu/scratch.h"

#include <algorithm>
#include <atomic>
#include <limits>
#include <new>
#include <thread>

namespace fa::cpu {
namespace {

constexpr int64_t kAlignment = 64;

int64_t round_up(int64_t n, int64_t to) { return (n + to - 1) / to * to; }

}  // namespace

/// Lies at the start of its own memory: header, one flag per slot, slots, shared block.
struct Scratch::Block {
  int64_t capacity;  ///< bytes, this header included
  int64_t data;      ///< offset of the first slot

  std::atomic<bool>* flags() { return reinterpret_cast<std::atomic<bool>*>(this + 1); }
  float* floats() { return reinterpret_cast<float*>(reinterpret_cast<char*>(this) + data); }

  static Block* allocate(int64_t bytes) {
    if (bytes < 0) throw std::bad_alloc();
    auto* block =
        static_cast<Block*>(::operator new(static_cast<size_t>(bytes), std::align_val_t{kAlignment}));
    block->capacity = bytes;
    return block;
  }
  static void release(Block* block) { ::operator delete(block, std::align_val_t{kAlignment}); }

  /// The block of the last finished call. Whoever exchanges it owns it, so no lock is needed.
  static inline std::atomic<Block*> kept{nullptr};
};

int64_t Scratch::bytes(int64_t floats, int slots, int64_t shared) {
  const int64_t header = round_up(static_cast<int64_t>(sizeof(Block)) + slots, kAlignment);
  const int64_t slot = round_up(floats, kAlignment / 4);
  constexpr int64_t kMost = std::numeric_limits<int64_t>::max() / 8;
  if (slot > kMost / std::max(slots, 1) || shared > kMost) return -1;
  return header + 4 * (slot * slots + round_up(shared, kAlignment / 4));
}

Scratch::Scratch(int64_t floats, int slots, int64_t shared)
    : floats_(round_up(floats, kAlignment / 4)), slots_(std::max(slots, 1)) {
  const int64_t needed = bytes(floats, slots_, shared);
  Block* block = Block::kept.exchange(nullptr);
  if (block && (needed < 0 || block->capacity < needed)) {
    Block::release(block);
    block = nullptr;
  }
  block_ = block ? block : Block::allocate(needed);
  block_->data = round_up(static_cast<int64_t>(sizeof(Block)) + slots_, kAlignment);
  for (int i = 0; i < slots_; ++i) new (block_->flags() + i) std::atomic<bool>(false);
}

Scratch::~Scratch() {
  Block* spare = block_->capacity <= kKeptBytes ? Block::kept.exchange(block_) : block_;
  if (spare) Block::release(spare);
}

float* Scratch::take() {
  for (;;) {
    for (int i = 0; i < slots_; ++i) {
      if (!block_->flags()[i].exchange(true, std::memory_order_acquire))
        return block_->floats() + i * floats_;
    }
    std::this_thread::yield();
  }
}

void Scratch::give(float* slot) {
  block_->flags()[(slot - block_->floats()) / floats_].store(false, std::memory_order_release);
}

float* Scratch::shared() { return block_->floats() + floats_ * slots_; }

}  // namespace fa::cpu
