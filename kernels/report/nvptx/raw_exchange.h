// Simdgroup functions and barriers for an NVIDIA compiler, in place of softmetal's header of this name: a
// warp has 32 lanes, too, so what a lane gives and takes is held in as many registers as on Apple's GPUs.
#pragma once
#include "../types.h"
#include "raw_api.h"

#define SM_COLLECTIVE __attribute__((always_inline, convergent)) inline

namespace sm {

struct here {};  // nobody reports a place

inline uint lane() { return __nvvm_read_ptx_sreg_laneid(); }

SM_COLLECTIVE void barrier(uint scope, uint, const here&) {
  if (scope == SM_SCOPE_THREADGROUP)
    asm volatile("bar.sync 0;" ::: "memory");
  else
    asm volatile("bar.warp.sync 0xffffffff;" ::: "memory");
}

SM_COLLECTIVE void meet_for_matrix(const here&) {}

// ---- values of other lanes

SM_COLLECTIVE uint word_of_lane(uint word, uint source) {
  uint result;
  asm volatile("shfl.sync.idx.b32 %0, %1, %2, 31, 0xffffffff;" : "=r"(result) : "r"(word), "r"(source));
  return result;
}

template <class T>
SM_COLLECTIVE T value_of_lane(T own, uint source, const here&) {
  constexpr int kWords = (sizeof(T) + 3) / 4;
  uint words[kWords] = {};
  __builtin_memcpy(words, &own, sizeof own);
  for (int i = 0; i < kWords; i++) words[i] = word_of_lane(words[i], source);
  __builtin_memcpy(&own, words, sizeof own);
  return own;
}

template <class T>
SM_COLLECTIVE T value_within(T own, int distance, uint width, const here& place) {
  int source = int(lane() % width) + distance;
  bool inside = source >= 0 && source < int(width);
  return value_of_lane(own, inside ? lane() / width * width + source : lane(), place);
}
template <class T>
SM_COLLECTIVE T value_around(T own, int distance, uint width, const here& place) {
  return value_of_lane(own, lane() / width * width + (lane() + distance) % width, place);
}
template <class T>
SM_COLLECTIVE T value_or_filling(T data, T filling, int distance, uint width, const here& place) {
  int source = int(lane() % width) + distance;
  T other = value_around(data, distance, width, place), fill = value_around(filling, distance, width, place);
  return source >= 0 && source < int(width) ? other : fill;
}
template <class T>
SM_COLLECTIVE T value_of_first(T own, uint width, const here& place) {
  return value_of_lane(own, lane() / width * width, place);
}

// ---- reductions and scans

struct sum {
  template <class E>
  static E apply(E a, E b) {
    return a + b;
  }
};
struct product {
  template <class E>
  static E apply(E a, E b) {
    return a * b;
  }
};
struct minimum {
  template <class E>
  static E apply(E a, E b) {
    return b < a ? b : a;
  }
};
struct maximum {
  template <class E>
  static E apply(E a, E b) {
    return a < b ? b : a;
  }
};
struct bits_and {
  template <class E>
  static E apply(E a, E b) {
    return a & b;
  }
};
struct bits_or {
  template <class E>
  static E apply(E a, E b) {
    return a | b;
  }
};
struct bits_xor {
  template <class E>
  static E apply(E a, E b) {
    return a ^ b;
  }
};

template <class Operator, class E, int count, int width, class T>
SM_COLLECTIVE T reduced(T own, const here& place) {
  for (uint step = 1; step < width; step *= 2)
    own = Operator::apply(own, value_of_lane(own, lane() ^ step, place));
  return own;
}

template <class Operator, class E, int count, int width, bool inclusive, class T>
SM_COLLECTIVE T scanned(T own, const here& place) {
  for (uint step = 1; step < width; step *= 2) {
    T before = value_within(own, -int(step), width, place);
    if (lane() % width >= step) own = Operator::apply(before, own);
  }
  return inclusive ? own : value_within(own, -1, width, place);
}

// ---- votes

struct votes {
  uint yes, active;
};
SM_COLLECTIVE votes vote(bool own, const here&) { return {__nvvm_vote_ballot_sync(~0u, own), ~0u}; }

}  // namespace sm
