// How lanes of a simdgroup come together: each puts a value into its mailbox, waits for the others and reads
// the table of all. Nothing in here is checked or counted as the kernel's own.
#pragma once
#include "../types.h"
#include "raw_api.h"

// Such a function must stay one call for all lanes that reach it: the compiler may not copy it into branches.
#define SM_COLLECTIVE __attribute__((always_inline, convergent)) inline

namespace sm {

// Where the author of a shader calls a function that has this as its last argument, by default.
struct here : sm_place {
  __attribute__((always_inline)) constexpr explicit here(const char* file = __builtin_FILE(),
                                                         uint line = __builtin_LINE(),
                                                         uint column = __builtin_COLUMN())
      : sm_place{file, line, column} {}
};

SM_COLLECTIVE void barrier(uint scope, uint flags, const here& place) { api.barrier(scope, flags, &place); }

inline uint lane() { return api.lane(); }

template <class T>
inline T& slot(sm_exchange* table, uint lane) {
  return *reinterpret_cast<T*>(table->lane[lane].bytes);
}
inline bool is_active(const sm_exchange* table, uint lane) {
  return lane < SM_LANES && (table->active >> lane & 1);
}

template <class T>
SM_COLLECTIVE sm_exchange* exchange(const T& payload, sm_operation operation, sm_combine combine,
                                    const here& place) {
  static_assert(sizeof(T) <= SM_SLOT_BYTES);
  return api.exchange(&payload, sizeof payload, operation, combine, &place);
}

// All lanes load or store a matrix together.
SM_COLLECTIVE void meet_for_matrix(const here& place) {
  api.exchange(&place, 0, SM_MATRIX_MEMORY, nullptr, &place);
}

// ---- values of other lanes

template <class T>
SM_COLLECTIVE T value_of_lane(T own, uint source, const here& place) {
  sm_exchange* table = exchange(own, SM_SHUFFLE, nullptr, place);
  if (is_active(table, source)) return slot<T>(table, source);
  api.inactive_lane(source, &place);
  return own;
}

// Groups of `width` lanes; a source outside the own group leaves the value as it is.
template <class T>
SM_COLLECTIVE T value_within(T own, int distance, uint width, const here& place) {
  uint me = lane();
  int source = int(me % width) + distance;
  bool inside = source >= 0 && source < int(width);
  return value_of_lane(own, inside ? me / width * width + source : me, place);
}

template <class T>
SM_COLLECTIVE T value_around(T own, int distance, uint width, const here& place) {
  uint me = lane();
  return value_of_lane(own, me / width * width + (me + distance) % width, place);
}

template <class T>
struct with_filling {
  T data, filling;
};
// What leaves the own group on one side comes from `filling` of the other.
template <class T>
SM_COLLECTIVE T value_or_filling(T data, T filling, int distance, uint width, const here& place) {
  typedef with_filling<T> both;
  uint me = lane();
  int source = int(me % width) + distance;
  uint from = me / width * width + uint(source) % width;
  sm_exchange* table = exchange(both{data, filling}, SM_SHUFFLE, nullptr, place);
  if (!is_active(table, from)) {
    api.inactive_lane(from, &place);
    return data;
  }
  return source >= 0 && source < int(width) ? slot<both>(table, from).data : slot<both>(table, from).filling;
}

template <class T>
SM_COLLECTIVE T value_of_first(T own, uint width, const here& place) {
  sm_exchange* table = exchange(own, SM_SHUFFLE, nullptr, place);
  uint group = lane() / width * width;
  uint active = table->active >> group;
  return slot<T>(table, group + __builtin_ctz(active));
}

// ---- reductions and scans: a value is `count` elements of type E, each by itself

struct sum {
  template <class E>
  static E start() {
    return E(0);
  }
  template <class E>
  static E apply(E a, E b) {
    return a + b;
  }
};
struct product {
  template <class E>
  static E start() {
    return E(1);
  }
  template <class E>
  static E apply(E a, E b) {
    return a * b;
  }
};
struct minimum {  // a NaN loses
  template <class E>
  static E apply(E a, E b) {
    return b < a || a != a ? b : a;
  }
};
struct maximum {
  template <class E>
  static E apply(E a, E b) {
    return a < b || a != a ? b : a;
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

// Pairs of neighbours, pairs of pairs, ...: as a butterfly of shuffles adds. Every lane gets its group's
// result.
template <class Operator, class E, int count, int width>
void reduce_all(sm_exchange* table) {
  for (uint group = 0; group < SM_LANES; group += width) {
    for (int element = 0; element < count; element++) {
      E value[width];
      bool on[width];
      for (uint i = 0; i < width; i++) {
        on[i] = is_active(table, group + i);
        if (on[i]) value[i] = (&slot<E>(table, group + i))[element];
      }
      for (uint step = 1; step < width; step *= 2) {
        for (uint i = 0; i < width; i += 2 * step) {
          if (!on[i + step]) continue;
          value[i] = on[i] ? Operator::apply(value[i], value[i + step]) : value[i + step];
          on[i] = true;
        }
      }
      if (!on[0]) continue;
      for (uint i = 0; i < width; i++) (&slot<E>(table, group + i))[element] = value[0];
    }
  }
}

template <class Operator, class E, int count, int width, bool inclusive>
void scan_all(sm_exchange* table) {
  for (uint group = 0; group < SM_LANES; group += width) {
    for (int element = 0; element < count; element++) {
      E total = Operator::template start<E>();
      for (uint i = group; i < group + width; i++) {
        if (!is_active(table, i)) continue;
        E& mine = (&slot<E>(table, i))[element];
        E next = Operator::apply(total, mine);
        mine = inclusive ? next : total;
        total = next;
      }
    }
  }
}

template <class Operator, class E, int count, int width, class T>
SM_COLLECTIVE T reduced(T own, const here& place) {
  sm_exchange* table = exchange(own, SM_REDUCE, reduce_all<Operator, E, count, width>, place);
  return slot<T>(table, lane());
}

template <class Operator, class E, int count, int width, bool inclusive, class T>
SM_COLLECTIVE T scanned(T own, const here& place) {
  sm_exchange* table = exchange(own, SM_PREFIX, scan_all<Operator, E, count, width, inclusive>, place);
  return slot<T>(table, lane());
}

// ---- votes

struct votes {
  uint yes, active;
};
inline void count_votes(sm_exchange* table) {
  uint yes = 0;
  for (uint i = 0; i < SM_LANES; i++) {
    if (is_active(table, i) && slot<bool>(table, i)) yes |= 1u << i;
  }
  slot<votes>(table, 0) = {yes, table->active};
}
SM_COLLECTIVE votes vote(bool own, const here& place) {
  return slot<votes>(exchange(own, SM_VOTE, count_votes, place), 0);
}

}  // namespace sm
