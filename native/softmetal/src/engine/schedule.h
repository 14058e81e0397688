// In which order threads and threadgroups run.
#pragma once

#include <cstdint>

#include "settings/settings.h"

namespace softmetal {

// splitmix64: small, and any seed will do.
class Random {
 public:
  explicit Random(uint64_t seed = 0) : state_(seed) {}
  uint64_t next() {
    uint64_t z = state_ += 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
  }
  uint32_t below(uint32_t bound) { return uint32_t((next() >> 32) * bound >> 32); }

 private:
  uint64_t state_;
};

// One of the bits set in `mask`, which is not 0; `after` is the bit that was chosen last.
inline int choose_bit(uint32_t mask, int after, Schedule schedule, Random& random) {
  switch (schedule) {
    case Schedule::kReverse:
      return 31 - __builtin_clz(mask);
    case Schedule::kLockstep: {
      uint32_t later = mask & ~((2u << after) - 1);
      return __builtin_ctz(later ? later : mask);
    }
    case Schedule::kRandom:
      for (uint32_t skip = random.below(__builtin_popcount(mask)); skip; skip--) mask &= mask - 1;
      return __builtin_ctz(mask);
    default:
      return __builtin_ctz(mask);
  }
}

// The order of a grid's threadgroups: position -> threadgroup. Needs no memory, however large the grid.
class GridOrder {
 public:
  GridOrder(uint64_t count, Schedule schedule, uint64_t seed);
  uint64_t operator[](uint64_t position) const;

 private:
  uint64_t shuffle(uint64_t value) const;

  uint64_t count_, seed_;
  Schedule schedule_;
  int half_bits_ = 1;  // the shuffle permutes numbers of twice as many bits
};

}  // namespace softmetal
