// The rules of races, for one cell and one access.
//
// `Order` says how accesses relate:
//   bool concurrent(Slot past) const;       it could as well happen after, or while, the present access does
//   bool same_side(Slot a, Slot b) const;   whoever is unordered with one of the two in a later phase is so
//   with
//                                           the other
// `Found` is called with the cell, each past access that conflicts, and that access's kind.
#pragma once

#include "check/page.h"

namespace softmetal {

template <class Order, class Found>
inline void check_column(const Slot* cell, int column, int count, sm_access_kind kind, const Order& order,
                         Found& found) {
  for (int i = column; i < column + count; ++i) {
    if (order.concurrent(cell[i])) [[unlikely]] {
      found(cell, cell[i], kind);
    }
  }
}

// Keeps two accesses such that a later one that is ordered after both is ordered after all. When the two kept
// are of one side, one of another side is worth more than the second.
template <class Order>
inline void remember(Slot* pair, Slot present, const Order& order) {
  if (!order.concurrent(pair[0])) {
    pair[0] = present;
  } else if (!order.concurrent(pair[1]) ||
             (order.same_side(pair[0], pair[1]) && !order.same_side(pair[0], present))) {
    pair[1] = present;
  }
}

template <class Order, class Found>
inline void check_cell(Slot* cell, int columns, sm_access_kind kind, Slot present, const Order& order,
                       Found& found) {
  check_column(cell, kWrite, 1, SM_WRITE, order, found);
  bool atomics = columns == kAllColumns;
  switch (kind) {
    case SM_READ:
      if (atomics) check_column(cell, kAtomic, 2, SM_ATOMIC, order, found);
      remember(cell + kRead, present, order);
      break;
    case SM_WRITE:
      check_column(cell, kRead, 2, SM_READ, order, found);
      if (atomics) {
        check_column(cell, kAtomic, 2, SM_ATOMIC, order, found);
        check_column(cell, kAtomicRead, 2, SM_ATOMIC_READ, order, found);
      }
      cell[kWrite] = present;
      break;
    case SM_ATOMIC:
    case SM_ATOMIC_WRITE:
      check_column(cell, kRead, 2, SM_READ, order, found);
      remember(cell + kAtomic, present, order);
      break;
    case SM_ATOMIC_READ:
      remember(cell + kAtomicRead, present, order);
      break;
    case SM_ZERO_DIVISOR:  // touches no memory
      break;
  }
}

// The column whose first slot tells whether such an access was here before.
inline int column_of(sm_access_kind kind) {
  constexpr int kColumns[] = {kRead, kWrite, kAtomic, kAtomicRead, kAtomic};
  return kColumns[kind];
}

}  // namespace softmetal
