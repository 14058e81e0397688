// metal_compute, metal_simdgroup and metal_quadgroup: barriers and what lanes exchange.
#pragma once
#include "atomic.h"

namespace metal {

void threadgroup_barrier(mem_flags, thread_scope = thread_scope_threadgroup);
void simdgroup_barrier(mem_flags, thread_scope = thread_scope_simdgroup);

struct simd_vote {
  typedef ulong vote_t;
  simd_vote() = default;
  explicit simd_vote(vote_t);
  explicit operator vote_t() const;
  bool all() const;
  bool any() const;
};
struct quad_vote {
  typedef uint vote_t;
  quad_vote() = default;
  explicit quad_vote(vote_t);
  explicit operator vote_t() const;
  bool all() const;
  bool any() const;
};

#define SM_MOVE(name) \
  template <class T>  \
  T name(T, ushort);
#define SM_REDUCE(name) \
  template <class T>    \
  T name(T);
#define SM_FILL(name)   \
  template <class T>    \
  T name(T, T, ushort); \
  template <class T>    \
  T name(T, T, ushort, ushort);
// clang-format off
#define SM_GROUP(group)                                                                                      \
  SM_MOVE(group##_shuffle) SM_MOVE(group##_shuffle_xor) SM_MOVE(group##_shuffle_up)                          \
  SM_MOVE(group##_shuffle_down) SM_MOVE(group##_shuffle_rotate_up) SM_MOVE(group##_shuffle_rotate_down)      \
  SM_MOVE(group##_broadcast) SM_REDUCE(group##_broadcast_first) SM_FILL(group##_shuffle_and_fill_up)         \
  SM_FILL(group##_shuffle_and_fill_down) SM_REDUCE(group##_sum) SM_REDUCE(group##_product)                   \
  SM_REDUCE(group##_min) SM_REDUCE(group##_max) SM_REDUCE(group##_and) SM_REDUCE(group##_or)                 \
  SM_REDUCE(group##_xor) SM_REDUCE(group##_prefix_exclusive_sum) SM_REDUCE(group##_prefix_inclusive_sum)     \
  SM_REDUCE(group##_prefix_exclusive_product) SM_REDUCE(group##_prefix_inclusive_product)                    \
  group##_vote group##_ballot(bool);                                                                         \
  group##_vote group##_active_threads_mask();                                                                \
  bool group##_all(bool);                                                                                    \
  bool group##_any(bool);                                                                                    \
  bool group##_is_first();                                                                                   \
  bool group##_is_helper_thread();
// clang-format on
SM_GROUP(simd)
SM_GROUP(quad)
#undef SM_MOVE
#undef SM_REDUCE
#undef SM_FILL
#undef SM_GROUP

}  // namespace metal
