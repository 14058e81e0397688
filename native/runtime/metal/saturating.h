// Counts that saturate instead of overflowing: shapes with an axis of 0 may have any size along the others.
#pragma once
#include <cstdint>
#include <initializer_list>
#include <limits>

namespace fa::metal {

inline int64_t product(std::initializer_list<int64_t> factors) {
  int64_t result = 1;
  bool overflow = false;
  for (const int64_t factor : factors) {
    if (factor == 0) return 0;
    overflow |= __builtin_mul_overflow(result, factor, &result);
  }
  return overflow ? std::numeric_limits<int64_t>::max() : result;
}

constexpr int64_t ceil_divide(int64_t a, int64_t b) { return a / b + (a % b != 0); }

}  // namespace fa::metal
