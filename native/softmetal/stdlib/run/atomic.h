// metal_atomic: the C-style functions on device and threadgroup memory. All orders are honoured; MSL mostly
// has relaxed.
#pragma once
#include "types.h"

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

enum thread_scope {
  thread_scope_thread,
  thread_scope_simdgroup,
  thread_scope_threadgroup,
  thread_scope_device,
  thread_scope_system
};

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

template <class T>
inline T atomic_load_explicit(const volatile atomic<T>* object, memory_order order) {
  T value;
  __atomic_load(&object->sm_value, &value, order);
  return value;
}
template <class T>
inline void atomic_store_explicit(volatile atomic<T>* object, sm::exactly<T> value, memory_order order) {
  __atomic_store(&object->sm_value, &value, order);
}
template <class T>
inline void atomic_init(volatile atomic<T>* object, sm::exactly<T> value) {
  object->sm_value = value;
}
template <class T>
inline T atomic_exchange_explicit(volatile atomic<T>* object, sm::exactly<T> value, memory_order order) {
  T old;
  __atomic_exchange(&object->sm_value, &value, &old, order);
  return old;
}
template <class T>
inline bool atomic_compare_exchange_weak_explicit(volatile atomic<T>* object, T* expected,
                                                  sm::exactly<T> value, memory_order success,
                                                  memory_order failure) {
  return __atomic_compare_exchange(&object->sm_value, expected, &value, true, success, failure);
}
template <class T>
inline bool atomic_compare_exchange_strong_explicit(volatile atomic<T>* object, T* expected,
                                                    sm::exactly<T> value, memory_order success,
                                                    memory_order failure) {
  return __atomic_compare_exchange(&object->sm_value, expected, &value, false, success, failure);
}

#define SM_FETCH(name)                                                                      \
  template <class T>                                                                        \
  inline T atomic_fetch_##name##_explicit(volatile atomic<T>* object, sm::exactly<T> value, \
                                          memory_order order) {                             \
    return __atomic_fetch_##name(&object->sm_value, value, order);                          \
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
template <class T>
inline void atomic_min_explicit(volatile atomic<T>* object, sm::exactly<T> value, memory_order order) {
  atomic_fetch_min_explicit(object, value, order);
}
template <class T>
inline void atomic_max_explicit(volatile atomic<T>* object, sm::exactly<T> value, memory_order order) {
  atomic_fetch_max_explicit(object, value, order);
}

}  // namespace metal
