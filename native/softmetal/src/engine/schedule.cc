#include "engine/schedule.h"

namespace softmetal {

GridOrder::GridOrder(uint64_t count, Schedule schedule, uint64_t seed)
    : count_(count), seed_(seed), schedule_(schedule) {
  while (half_bits_ < 32 && (uint64_t(1) << (2 * half_bits_)) < count) half_bits_++;
}

// A Feistel network: a permutation for any round function.
uint64_t GridOrder::shuffle(uint64_t value) const {
  constexpr int kRounds = 4;
  const uint64_t mask = (uint64_t(1) << half_bits_) - 1;
  uint64_t left = value >> half_bits_, right = value & mask;
  for (int round = 0; round < kRounds; round++) {
    uint64_t mixed = Random(seed_ * kRounds + round + (right << 20)).next() & mask;
    uint64_t old_left = left;
    left = right;
    right = old_left ^ mixed;
  }
  return left << half_bits_ | right;
}

uint64_t GridOrder::operator[](uint64_t position) const {
  if (schedule_ == Schedule::kReverse) return count_ - 1 - position;
  if (schedule_ != Schedule::kRandom) return position;
  do {
    position = shuffle(position);  // numbers past the end lie on the way to one that is not
  } while (position >= count_);
  return position;
}

}  // namespace softmetal
