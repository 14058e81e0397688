// metal_atomic: the C-style functions on device and threadgroup memory. All orders are honoured; MSL mostly
// has relaxed.
#pragma once
#include "barrier.h"

enum memory_order {
  memory_order_relaxed = __ATOMIC_RELAXED,
  memory_order_acquire = __ATOMIC_ACQUIRE,
  memory_order_release = __ATOMIC_RELEASE,
  memory_order_acq_rel = __ATOMIC_ACQ_REL,
  memory_order_seq_cst = __ATOMIC_SEQ_CST
};

namespace metal {
using ::memory_order;
using ::memory_order_acq_rel;
using ::memory_order_acquire;
using ::memory_order_relaxed;
using ::memory_order_release;
using ::memory_order_seq_cst;

template <class T>
struct atomic {
  T sm_value;
};
typedef atomic<int> atomic_int;
typedef atomic<uint> atomic_uint;
typedef atomic<bool> atomic_bool;
typedef atomic<float> atomic_float;
typedef atomic<ulong> atomic_ulong;
typedef atomic<long> atomic_long;
}  // namespace metal

namespace sm {
// Deduction comes from the object alone, so that atomic_fetch_add_explicit(&counter, 1, ...) converts its 1.
template <class T>
struct identity {
  typedef T type;
};
template <class T>
using exactly = typename identity<T>::type;
}  // namespace sm

namespace metal {

// The last argument, the scope, only matters where caches are not coherent.
#define SM_ATOMIC    \
  template <class T> \
  inline
#define SM_ORDER memory_order order, thread_scope = thread_scope_device

SM_ATOMIC T atomic_load_explicit(const volatile atomic<T>* object, SM_ORDER) {
  T value;
  __atomic_load(&object->sm_value, &value, order);
  return value;
}
SM_ATOMIC void atomic_store_explicit(volatile atomic<T>* object, sm::exactly<T> value, SM_ORDER) {
  __atomic_store(&object->sm_value, &value, order);
}
SM_ATOMIC void atomic_init(volatile atomic<T>* object, sm::exactly<T> value) { object->sm_value = value; }
SM_ATOMIC T atomic_exchange_explicit(volatile atomic<T>* object, sm::exactly<T> value, SM_ORDER) {
  T old;
  __atomic_exchange(&object->sm_value, &value, &old, order);
  return old;
}
SM_ATOMIC bool atomic_compare_exchange_weak_explicit(volatile atomic<T>* object, T* expected,
                                                     sm::exactly<T> value, memory_order success,
                                                     memory_order failure,
                                                     thread_scope = thread_scope_device) {
  return __atomic_compare_exchange(&object->sm_value, expected, &value, false, success, failure);
}
SM_ATOMIC bool atomic_compare_exchange_strong_explicit(volatile atomic<T>* object, T* expected,
                                                       sm::exactly<T> value, memory_order success,
                                                       memory_order failure,
                                                       thread_scope = thread_scope_device) {
  return __atomic_compare_exchange(&object->sm_value, expected, &value, false, success, failure);
}

#define SM_FETCH(name)                                                                                     \
  SM_ATOMIC T atomic_fetch_##name##_explicit(volatile atomic<T>* object, sm::exactly<T> value, SM_ORDER) { \
    return __atomic_fetch_##name(&object->sm_value, value, order);                                         \
  }
SM_FETCH(add)
SM_FETCH(sub)
SM_FETCH(and)
SM_FETCH(or)
SM_FETCH(xor)
SM_FETCH(min)
SM_FETCH(max)
#undef SM_FETCH

// The forms without a result, which 64-bit atomics have.
SM_ATOMIC void atomic_min_explicit(volatile atomic<T>* object, sm::exactly<T> value, SM_ORDER) {
  atomic_fetch_min_explicit(object, value, order);
}
SM_ATOMIC void atomic_max_explicit(volatile atomic<T>* object, sm::exactly<T> value, SM_ORDER) {
  atomic_fetch_max_explicit(object, value, order);
}

// The forms without an order are sequentially consistent.
SM_ATOMIC T atomic_load(const volatile atomic<T>* object) {
  return atomic_load_explicit(object, memory_order_seq_cst);
}
SM_ATOMIC void atomic_store(volatile atomic<T>* object, sm::exactly<T> value) {
  atomic_store_explicit(object, value, memory_order_seq_cst);
}
#define SM_SHORT(name)                                                          \
  SM_ATOMIC T atomic_##name(volatile atomic<T>* object, sm::exactly<T> value) { \
    return atomic_##name##_explicit(object, value, memory_order_seq_cst);       \
  }
SM_SHORT(exchange)
SM_SHORT(fetch_add)
SM_SHORT(fetch_sub)
SM_SHORT(fetch_and)
SM_SHORT(fetch_or)
SM_SHORT(fetch_xor)
SM_SHORT(fetch_min)
SM_SHORT(fetch_max)
#undef SM_SHORT
#undef SM_ORDER
#undef SM_ATOMIC

// The flags say which memory; the host's fence covers all of it.
inline void atomic_thread_fence(mem_flags, memory_order order = memory_order_seq_cst,
                                thread_scope = thread_scope_device) {
  __atomic_thread_fence(order);
}

}  // namespace metal
