// Calls a kernel with what the engine has for each parameter. C++ deduces the parameters' types; the
// translator knows only what each one is bound to.
#pragma once

#include "detail/raw_threadgroup.h"

namespace metal {
template <class T, int N>
struct vec;
}

namespace sm {

template <sm_uint Kind, sm_uint Index>
struct binding {
  const char* name;
  bool present;  // a function constant may switch it off
};

template <class T>
struct referent {  // what a pointer or reference refers to
  typedef void type;
  static constexpr bool indirect = false, reference = false;
};
template <class T>
struct referent<T*> {
  typedef T type;
  static constexpr bool indirect = true, reference = false;
};
template <class T>
struct referent<T&> {
  typedef T type;
  static constexpr bool indirect = true, reference = true;
};

// Positions and sizes are scalars or vectors of two or three, of any integer type.
template <class T>
struct built_in {
  static T from(const sm_uint* values) { return T(values[0]); }
};
template <class T, int N>
struct built_in<metal::vec<T, N>> {
  static metal::vec<T, N> from(const sm_uint* values) {
    struct {
      T element[N == 3 ? 4 : N];
    } raw = {};
    for (int i = 0; i < (N < 3 ? N : 3); ++i) raw.element[i] = T(values[i]);
    return __builtin_bit_cast(metal::vec<T, N>, raw);
  }
};

template <class P, sm_uint Kind, sm_uint Index>
[[gnu::always_inline]] inline P argument(const sm_thread* thread, binding<Kind, Index> bound) {
  constexpr bool memory = Kind == SM_ARGUMENT_BUFFER || Kind == SM_ARGUMENT_THREADGROUP;
  const sm_group* group = thread->group;
  if constexpr (memory) {
    static_assert(referent<P>::indirect, "a kernel's buffer parameter must be a pointer or a reference");
    void* place = Kind == SM_ARGUMENT_BUFFER ? group->buffer[Index] : group->threadgroup[Index];
    auto* pointer = (typename referent<P>::type*)(bound.present ? place : nullptr);
    if constexpr (referent<P>::reference) {
      return *pointer;
    } else {
      return pointer;
    }
  } else {
    static_assert(!referent<P>::indirect, "this attribute needs a parameter by value");
    typedef __remove_cv(P) value;
    if constexpr (Kind == SM_THREAD_POSITION_IN_GRID) return built_in<value>::from(thread->position_in_grid);
    if constexpr (Kind == SM_THREAD_POSITION_IN_THREADGROUP) {
      return built_in<value>::from(thread->position_in_threadgroup);
    }
    if constexpr (Kind == SM_THREADGROUP_POSITION_IN_GRID)
      return built_in<value>::from(group->threadgroup_position);
    if constexpr (Kind == SM_THREADS_PER_THREADGROUP)
      return built_in<value>::from(group->threads_per_threadgroup);
    if constexpr (Kind == SM_DISPATCH_THREADS_PER_THREADGROUP) {
      return built_in<value>::from(group->dispatch_threads_per_threadgroup);
    }
    if constexpr (Kind == SM_THREADGROUPS_PER_GRID)
      return built_in<value>::from(group->threadgroups_per_grid);
    if constexpr (Kind == SM_THREADS_PER_GRID || Kind == SM_GRID_SIZE) {
      return built_in<value>::from(group->threads_per_grid);
    }
    if constexpr (Kind == SM_GRID_ORIGIN) return built_in<value>::from(group->grid_origin);
    const sm_uint quads = (group->threads_per_threadgroup[0] * group->threads_per_threadgroup[1] *
                               group->threads_per_threadgroup[2] +
                           3) /
                          4;
    sm_uint scalar[3] = {0, 1, 1};
    if constexpr (Kind == SM_THREAD_INDEX_IN_THREADGROUP) scalar[0] = thread->index_in_threadgroup;
    if constexpr (Kind == SM_THREAD_INDEX_IN_SIMDGROUP) scalar[0] = thread->lane;
    if constexpr (Kind == SM_THREAD_INDEX_IN_QUADGROUP) scalar[0] = thread->lane % 4;
    if constexpr (Kind == SM_SIMDGROUP_INDEX_IN_THREADGROUP) scalar[0] = thread->simdgroup;
    if constexpr (Kind == SM_QUADGROUP_INDEX_IN_THREADGROUP) scalar[0] = thread->index_in_threadgroup / 4;
    if constexpr (Kind == SM_SIMDGROUPS_PER_THREADGROUP) scalar[0] = group->simdgroups_per_threadgroup;
    if constexpr (Kind == SM_DISPATCH_SIMDGROUPS_PER_THREADGROUP) {
      scalar[0] = group->dispatch_simdgroups_per_threadgroup;
    }
    if constexpr (Kind == SM_QUADGROUPS_PER_THREADGROUP) scalar[0] = quads;
    if constexpr (Kind == SM_THREADS_PER_SIMDGROUP) scalar[0] = SM_LANES;
    return built_in<value>::from(scalar);
  }
}

template <class... P, class... B>
[[gnu::always_inline]] inline void call(void (*kernel)(P...), const sm_thread* thread, B... bound) {
  kernel(argument<P>(thread, bound)...);
}

template <class T>
constexpr sm_uint size_of() {
  if constexpr (requires { sizeof(T); }) {
    return sizeof(T);
  } else {
    return 1;  // void, or a type that is only declared
  }
}
template <class T>
constexpr sm_uint alignment_of() {
  if constexpr (requires { alignof(T); }) {
    return alignof(T);
  } else {
    return 1;
  }
}

template <class P, sm_uint Kind, sm_uint Index>
constexpr sm_argument description(binding<Kind, Index> bound) {
  typedef typename referent<P>::type type;
  sm_argument result = {bound.name, bound.present ? Kind : sm_uint(SM_ARGUMENT_ABSENT), Index, 0, 1, 0};
  if constexpr (referent<P>::indirect) {
    result.size = size_of<type>();
    result.alignment = alignment_of<type>();
    bool constant = __is_const(type);
    result.flags = (referent<P>::reference ? SM_ARGUMENT_REFERENCE : 0) |
                   (constant ? SM_ARGUMENT_CONSTANT : SM_ARGUMENT_WRITABLE);
  }
  return result;
}

template <int N>
struct descriptions {
  sm_argument values[N + 1];
};
template <class... P, class... B>
constexpr descriptions<sizeof...(P)> describe(void (*)(P...), B... bound) {
  return {{description<P>(bound)..., {}}};
}

}  // namespace sm

// The anchors make both sections exist in every library; the first one sets the alignment of the whole.
#define SM_KERNEL_TABLE(count, arguments, entry, max_threads)                                          \
  alignas(128)                                                                                         \
      __attribute__((section("sm_threadgroup"), used)) static unsigned char sm_threadgroup_anchor[0];  \
  __attribute__((section("sm_variables"), used)) static const sm_variable sm_variables_anchor[0] = {}; \
  static sm_uint sm_static_threadgroup_bytes() { return sm_threadgroup_end - sm_threadgroup_begin; }   \
  extern "C" __attribute__((visibility("default"))) sm_kernel sm_kernel_table;                         \
  sm_kernel sm_kernel_table = {SM_ABI_VERSION,     count,                                              \
                               arguments,          entry,                                              \
                               &sm::api,           sm_static_threadgroup_bytes,                        \
                               max_threads,        sm_threadgroup_begin,                               \
                               sm_variables_begin, sm_variables_end};
