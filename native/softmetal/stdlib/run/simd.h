// metal_simdgroup: shuffles, reductions, scans and votes of the 32 lanes of a simdgroup. Lanes that have
// returned do not take part.
#pragma once
#include "detail/raw_exchange.h"
#include "vector.h"

namespace sm {
template <class A>
using same = typename metal::type_identity<A>::type;  // no deduction from this argument
// The last argument of all these functions is where they are called; nobody passes it.
template <class Operator, int group, class V>
SM_COLLECTIVE V reduced_value(V data, const here& place) {
  return reduced<Operator, element_t<V>, width<V>, group>(data, place);
}
template <class Operator, int group, bool inclusive, class V>
SM_COLLECTIVE V scanned_value(V data, const here& place) {
  return scanned<Operator, element_t<V>, width<V>, group, inclusive>(data, place);
}

// Both kinds of groups have the same functions: simd_... over 32 lanes, quad_... over 4.
#define SM_GROUP_FUNCTIONS(group, size)                                                                      \
  template <sm::Value A>                                                                                     \
  SM_COLLECTIVE auto group##_shuffle(A data, ushort lane, sm::here place = sm::here()) {                     \
    uint base = sm::lane() / size * size;                                                                    \
    return sm::value_of_lane(sm::value(data), lane < size ? base + lane : SM_LANES, place);                  \
  }                                                                                                          \
  template <sm::Value A>                                                                                     \
  SM_COLLECTIVE auto group##_broadcast(A data, ushort lane, sm::here place = sm::here()) {                   \
    return group##_shuffle(data, lane, place);                                                               \
  }                                                                                                          \
  template <sm::Value A>                                                                                     \
  SM_COLLECTIVE auto group##_broadcast_first(A data, sm::here place = sm::here()) {                          \
    return sm::value_of_first(sm::value(data), size, place);                                                 \
  }                                                                                                          \
  template <sm::Value A>                                                                                     \
  SM_COLLECTIVE auto group##_shuffle_xor(A data, ushort mask, sm::here place = sm::here()) {                 \
    return group##_shuffle(data, ushort(sm::lane() % size ^ mask), place);                                   \
  }                                                                                                          \
  template <sm::Value A>                                                                                     \
  SM_COLLECTIVE auto group##_shuffle_up(A data, ushort delta, sm::here place = sm::here()) {                 \
    return sm::value_within(sm::value(data), -int(delta), size, place);                                      \
  }                                                                                                          \
  template <sm::Value A>                                                                                     \
  SM_COLLECTIVE auto group##_shuffle_down(A data, ushort delta, sm::here place = sm::here()) {               \
    return sm::value_within(sm::value(data), int(delta), size, place);                                       \
  }                                                                                                          \
  template <sm::Value A>                                                                                     \
  SM_COLLECTIVE auto group##_shuffle_rotate_up(A data, ushort delta, sm::here place = sm::here()) {          \
    return sm::value_around(sm::value(data), -int(delta), size, place);                                      \
  }                                                                                                          \
  template <sm::Value A>                                                                                     \
  SM_COLLECTIVE auto group##_shuffle_rotate_down(A data, ushort delta, sm::here place = sm::here()) {        \
    return sm::value_around(sm::value(data), int(delta), size, place);                                       \
  }                                                                                                          \
  template <sm::Value A>                                                                                     \
  SM_COLLECTIVE auto group##_shuffle_and_fill_up(A data, sm::same<A> filling, ushort delta, ushort modulo,   \
                                                 sm::here place = sm::here()) {                              \
    return sm::value_or_filling(sm::value(data), sm::value(filling), -int(delta), modulo, place);            \
  }                                                                                                          \
  template <sm::Value A>                                                                                     \
  SM_COLLECTIVE auto group##_shuffle_and_fill_down(A data, sm::same<A> filling, ushort delta, ushort modulo, \
                                                   sm::here place = sm::here()) {                            \
    return sm::value_or_filling(sm::value(data), sm::value(filling), int(delta), modulo, place);             \
  }                                                                                                          \
  template <sm::Value A>                                                                                     \
  SM_COLLECTIVE auto group##_shuffle_and_fill_up(A data, sm::same<A> filling, ushort delta,                  \
                                                 sm::here place = sm::here()) {                              \
    return group##_shuffle_and_fill_up(data, filling, delta, size, place);                                   \
  }                                                                                                          \
  template <sm::Value A>                                                                                     \
  SM_COLLECTIVE auto group##_shuffle_and_fill_down(A data, sm::same<A> filling, ushort delta,                \
                                                   sm::here place = sm::here()) {                            \
    return group##_shuffle_and_fill_down(data, filling, delta, size, place);                                 \
  }                                                                                                          \
  SM_REDUCTION(group, sum, size, sm::sum)                                                                    \
  SM_REDUCTION(group, product, size, sm::product)                                                            \
  SM_REDUCTION(group, min, size, sm::minimum)                                                                \
  SM_REDUCTION(group, max, size, sm::maximum)                                                                \
  SM_REDUCTION(group, and, size, sm::bits_and)                                                               \
  SM_REDUCTION(group, or, size, sm::bits_or)                                                                 \
  SM_REDUCTION(group, xor, size, sm::bits_xor)                                                               \
  SM_SCAN(group, inclusive_sum, size, sm::sum, true)                                                         \
  SM_SCAN(group, exclusive_sum, size, sm::sum, false)                                                        \
  SM_SCAN(group, inclusive_product, size, sm::product, true)                                                 \
  SM_SCAN(group, exclusive_product, size, sm::product, false)                                                \
  SM_VOTES(group, size)

#define SM_REDUCTION(group, name, size, operator)                          \
  template <sm::Value A>                                                   \
  SM_COLLECTIVE auto group##_##name(A data, sm::here place = sm::here()) { \
    return sm::reduced_value < operator, size>(sm::value(data), place);    \
  }
#define SM_SCAN(group, name, size, operator, inclusive)                           \
  template <sm::Value A>                                                          \
  SM_COLLECTIVE auto group##_prefix_##name(A data, sm::here place = sm::here()) { \
    return sm::scanned_value<operator, size, inclusive>(sm::value(data), place);  \
  }

#define SM_VOTES(group, size)                                                               \
  class group##_vote {                                                                      \
   public:                                                                                  \
    typedef ulong vote_t;                                                                   \
    explicit constexpr group##_vote(vote_t votes = 0) : votes_(votes) {}                    \
    explicit constexpr operator vote_t() const { return votes_; }                           \
    constexpr bool all() const { return votes_ == (1ul << size) - 1; }                      \
    constexpr bool any() const { return votes_ != 0; }                                      \
                                                                                            \
   private:                                                                                 \
    vote_t votes_;                                                                          \
  };                                                                                        \
  SM_COLLECTIVE group##_vote group##_ballot(bool expression, sm::here place = sm::here()) { \
    return group##_vote(sm::group_votes<size>(sm::vote(expression, place)).yes);            \
  }                                                                                         \
  SM_COLLECTIVE bool group##_any(bool expression, sm::here place = sm::here()) {            \
    return sm::group_votes<size>(sm::vote(expression, place)).yes != 0;                     \
  }                                                                                         \
  SM_COLLECTIVE bool group##_all(bool expression, sm::here place = sm::here()) {            \
    sm::votes votes = sm::group_votes<size>(sm::vote(expression, place));                   \
    return votes.yes == votes.active;                                                       \
  }                                                                                         \
  SM_COLLECTIVE group##_vote group##_active_threads_mask(sm::here place = sm::here()) {     \
    return group##_vote(sm::group_votes<size>(sm::vote(true, place)).active);               \
  }                                                                                         \
  SM_COLLECTIVE bool group##_is_first(sm::here place = sm::here()) {                        \
    uint active = sm::group_votes<size>(sm::vote(true, place)).active;                      \
    return uint(__builtin_ctz(active)) == sm::lane() % size;                                \
  }                                                                                         \
  inline bool group##_is_helper_thread() { return false; }

// The votes of the own group only, its first lane in bit 0.
template <int size>
inline votes group_votes(votes all) {
  uint base = lane() / size * size;
  uint mask = size == SM_LANES ? ~0u : (1u << size % SM_LANES) - 1;
  return {all.yes >> base & mask, all.active >> base & mask};
}
}  // namespace sm

namespace metal {
SM_GROUP_FUNCTIONS(simd, 32)
}
