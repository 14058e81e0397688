// metal_atomic. The names that OpenCL has for itself are written with $ by the translator.
#pragma once
#include "types.h"

namespace metal {

enum class mem_flags : uint {
  mem_none = 0,
  mem_device = 1,
  mem_threadgroup = 2,
  mem_texture = 4,
  mem_threadgroup_imageblock = 8,
  mem_object_data = 16
};
constexpr mem_flags operator|(mem_flags a, mem_flags b) { return mem_flags(uint(a) | uint(b)); }
constexpr mem_flags operator&(mem_flags a, mem_flags b) { return mem_flags(uint(a) & uint(b)); }

enum memory_order { memory_order_relaxed, memory_order_seq_cst };
enum thread_scope {
  thread_scope_thread,
  thread_scope_simdgroup,
  thread_scope_threadgroup,
  thread_scope_device
};

template <class T>
struct atomic {
  T value_of_an_atomic;
};
template <class T>
using _atomic = atomic<T>;
typedef atomic<int> $tomic_int;
typedef atomic<uint> $tomic_uint;
typedef atomic<bool> atomic_bool;
typedef atomic<ulong> $tomic_ulong;
typedef atomic<float> $tomic_float;

#define SM_ATOMICS(space)                                                                          \
  template <class T>                                                                               \
  T atomic_load_explicit(const volatile space atomic<T>*, memory_order);                           \
  template <class T>                                                                               \
  void atomic_store_explicit(volatile space atomic<T>*, sm_value<T>, memory_order);                \
  template <class T>                                                                               \
  bool atomic_compare_exchange_weak_explicit(volatile space atomic<T>*, __private T*, sm_value<T>, \
                                             memory_order, memory_order);                          \
  SM_FETCH(space, exchange)                                                                        \
  SM_FETCH(space, fetch_add)                                                                       \
  SM_FETCH(space, fetch_and)                                                                       \
  SM_FETCH(space, fetch_max)                                                                       \
  SM_FETCH(space, fetch_min)                                                                       \
  SM_FETCH(space, fetch_or)                                                                        \
  SM_FETCH(space, fetch_sub)                                                                       \
  SM_FETCH(space, fetch_xor)                                                                       \
  template <class T>                                                                               \
  void atomic_max_explicit(volatile space atomic<T>*, sm_value<T>, memory_order);                  \
  template <class T>                                                                               \
  void atomic_min_explicit(volatile space atomic<T>*, sm_value<T>, memory_order);
#define SM_FETCH(space, name) \
  template <class T>          \
  T atomic_##name##_explicit(volatile space atomic<T>*, sm_value<T>, memory_order);

template <class T>
struct sm_not_deduced {
  typedef T type;
};
template <class T>
using sm_value = typename sm_not_deduced<T>::type;
SM_ATOMICS(__global)
SM_ATOMICS(__local)
#undef SM_ATOMICS
#undef SM_FETCH
void atomic_thread_fence(mem_flags, memory_order, thread_scope = thread_scope_device);

}  // namespace metal
