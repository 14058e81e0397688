// Every simd_... and quad_... function with what it is defined to give.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <iterator>

namespace simd_list {

// What the lanes of one simdgroup pass in: x, and y as a filling; p is for products. All small whole numbers.
struct Lanes {
  uint32_t active;
  double x[32], y[32], p[32];
  int lane;  // whose result is wanted

  bool on(int i) const { return i >= 0 && i < 32 && (active >> i & 1); }
  // What MSL leaves undefined is not a number.
  double get(int i) const { return on(i) ? x[i] : NAN; }
  double fill(int i) const { return on(i) ? y[i] : NAN; }
  int base(int width) const { return lane / width * width; }
  double shifted(int by, int width) const {
    int to = lane % width + by;
    return to < 0 || to >= width ? x[lane] : get(base(width) + to);
  }
  double rotated(int by, int width) const { return get(base(width) + (lane + by + width) % width); }
  double filled(int by, int width) const {
    int to = lane % width + by, from = base(width) + (to + width) % width;
    return to < 0 || to >= width ? fill(from) : get(from);
  }
  int first(int width) const {
    for (int i = base(width); i < base(width) + width; i++) {
      if (on(i)) return i;
    }
    return -1;
  }
  template <class F>
  double fold(const double* values, int width, int end, double start, F f) const {
    for (int i = base(width); i < end; i++) {
      if (on(i)) start = f(start, values[i]);
    }
    return start;
  }
  double sum(int width) const {
    return fold(x, width, base(width) + width, 0, [](double a, double b) { return a + b; });
  }
  double product(int width) const {
    return fold(p, width, base(width) + width, 1, [](double a, double b) { return a * b; });
  }
  double least(int width) const {
    return fold(x, width, base(width) + width, 99, [](double a, double b) { return std::min(a, b); });
  }
  double greatest(int width) const {
    return fold(x, width, base(width) + width, -99, [](double a, double b) { return std::max(a, b); });
  }
  double sum_before(int width, int more) const {
    return fold(x, width, lane + more, 0, [](double a, double b) { return a + b; });
  }
  double product_before(int width, int more) const {
    return fold(p, width, lane + more, 1, [](double a, double b) { return a * b; });
  }
  template <class F>
  double bits(int width, int start, F f) const {
    return fold(x, width, base(width) + width, start, [&](double a, double b) { return f(int(a), int(b)); });
  }
  template <class F>
  uint32_t votes(int width, F yes) const {
    uint32_t mask = 0;
    for (int i = 0; i < width; i++) {
      if (on(base(width) + i) && yes(base(width) + i)) mask |= 1u << i;
    }
    return mask;
  }
};

enum Kind { kAnyType, kIntegers, kVote };

struct Builtin {
  const char* name;
  const char* call;  // of x, y, p, lane
  double (*expected)(const Lanes&);
  Kind kind = kAnyType;
};

#define L [](const Lanes& s)->double
// The same list for both widths; W is 32 for simd_ and 4 for quad_.
#define BUILTINS(G, W)                                                                                       \
  {#G "_shuffle", #G "_shuffle(x, ushort((lane * 5 + 3) % " #W "))",                                         \
   L{return s.get(s.base(W) + (s.lane * 5 + 3) % W);                                                         \
  }                                                                                                          \
  }                                                                                                          \
  , {#G "_broadcast", #G "_broadcast(x, 2)", L{return s.get(s.base(W) + 2);                                  \
  }                                                                                                          \
  }                                                                                                          \
  , {#G "_broadcast_first", #G "_broadcast_first(x)", L{return s.x[s.first(W)];                              \
  }                                                                                                          \
  }                                                                                                          \
  , {#G "_shuffle_xor", #G "_shuffle_xor(x, 3)", L{return s.get(s.lane ^ 3);                                 \
  }                                                                                                          \
  }                                                                                                          \
  , {#G "_shuffle_up", #G "_shuffle_up(x, 2)", L{return s.shifted(-2, W);                                    \
  }                                                                                                          \
  }                                                                                                          \
  , {#G "_shuffle_down", #G "_shuffle_down(x, 3)", L{return s.shifted(3, W);                                 \
  }                                                                                                          \
  }                                                                                                          \
  , {#G "_shuffle_rotate_up", #G "_shuffle_rotate_up(x, 3)", L{return s.rotated(-3, W);                      \
  }                                                                                                          \
  }                                                                                                          \
  , {#G "_shuffle_rotate_down", #G "_shuffle_rotate_down(x, 1)", L{return s.rotated(1, W);                   \
  }                                                                                                          \
  }                                                                                                          \
  , {#G "_shuffle_and_fill_up", #G "_shuffle_and_fill_up(x, y, 3)", L{return s.filled(-3, W);                \
  }                                                                                                          \
  }                                                                                                          \
  , {#G "_shuffle_and_fill_down", #G "_shuffle_and_fill_down(x, y, 2)", L{return s.filled(2, W);             \
  }                                                                                                          \
  }                                                                                                          \
  , {#G "_shuffle_and_fill_up in parts", #G "_shuffle_and_fill_up(x, y, 1, 2)", L{return s.filled(-1, 2);    \
  }                                                                                                          \
  }                                                                                                          \
  , {#G "_shuffle_and_fill_down in parts", #G "_shuffle_and_fill_down(x, y, 1, 2)", L{return s.filled(1, 2); \
  }                                                                                                          \
  }                                                                                                          \
  , {#G "_sum", #G "_sum(x)", L{return s.sum(W);                                                             \
  }                                                                                                          \
  }                                                                                                          \
  , {#G "_product", #G "_product(p)", L{return s.product(W);                                                 \
  }                                                                                                          \
  }                                                                                                          \
  , {#G "_min", #G "_min(x)", L{return s.least(W);                                                           \
  }                                                                                                          \
  }                                                                                                          \
  , {#G "_max", #G "_max(x)", L{return s.greatest(W);                                                        \
  }                                                                                                          \
  }                                                                                                          \
  , {#G "_prefix_inclusive_sum", #G "_prefix_inclusive_sum(x)", L{return s.sum_before(W, 1);                 \
  }                                                                                                          \
  }                                                                                                          \
  , {#G "_prefix_exclusive_sum", #G "_prefix_exclusive_sum(x)", L{return s.sum_before(W, 0);                 \
  }                                                                                                          \
  }                                                                                                          \
  , {#G "_prefix_inclusive_product", #G "_prefix_inclusive_product(p)", L{return s.product_before(W, 1);     \
  }                                                                                                          \
  }                                                                                                          \
  , {#G "_prefix_exclusive_product", #G "_prefix_exclusive_product(p)", L{return s.product_before(W, 0);     \
  }                                                                                                          \
  }                                                                                                          \
  , {#G "_and", #G "_and(x)", L{return s.bits(W, ~0, [](int a, int b) { return a & b; });                    \
  }                                                                                                          \
  , kIntegers                                                                                                \
  }                                                                                                          \
  , {#G "_or", #G "_or(x)", L{return s.bits(W, 0, [](int a, int b) { return a | b; });                       \
  }                                                                                                          \
  , kIntegers                                                                                                \
  }                                                                                                          \
  , {#G "_xor", #G "_xor(x)", L{return s.bits(W, 0, [](int a, int b) { return a ^ b; });                     \
  }                                                                                                          \
  , kIntegers                                                                                                \
  }                                                                                                          \
  , {#G "_ballot", #G "_ballot(x > 1)", L{return s.votes(W, [&](int i) { return s.x[i] > 1; });              \
  }                                                                                                          \
  , kVote                                                                                                    \
  }                                                                                                          \
  , {#G "_all", #G "_all(x < 3)", L{return s.votes(W, [&](int i) { return s.x[i] >= 3; }) == 0;              \
  }                                                                                                          \
  , kVote                                                                                                    \
  }                                                                                                          \
  , {#G "_any", #G "_any(x == 3)", L{return s.votes(W, [&](int i) { return s.x[i] == 3; }) != 0;             \
  }                                                                                                          \
  , kVote                                                                                                    \
  }                                                                                                          \
  , {#G "_is_first", #G "_is_first()", L{return s.lane == s.first(W);                                        \
  }                                                                                                          \
  , kVote                                                                                                    \
  }                                                                                                          \
  , {#G "_active_threads_mask", #G "_active_threads_mask()", L{return s.votes(W, [](int) { return true; });  \
  }                                                                                                          \
  , kVote                                                                                                    \
  }                                                                                                          \
  , {#G "_is_helper_thread", #G "_is_helper_thread()", L{(void)s;                                            \
  return 0;                                                                                                  \
  }                                                                                                          \
  , kVote                                                                                                    \
  }                                                                                                          \
  , {#G "_vote::all", #G "_ballot(lane != 40).all()",                                                        \
     L{return s.votes(W, [](int) { return true; }) == (1ull << W) - 1;                                       \
  }                                                                                                          \
  , kVote                                                                                                    \
  }                                                                                                          \
  , {                                                                                                        \
    #G "_vote::any", #G "_ballot(x == 7).any()", L {                                                         \
      (void)s;                                                                                               \
      return 0;                                                                                              \
    }                                                                                                        \
    , kVote                                                                                                  \
  }

inline const Builtin kBuiltins[] = {BUILTINS(simd, 32), BUILTINS(quad, 4)};
#undef L
#undef BUILTINS

inline constexpr size_t kCount = std::size(kBuiltins);

}  // namespace simd_list
