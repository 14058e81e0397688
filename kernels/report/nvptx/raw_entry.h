// The entry of a kernel for an NVIDIA compiler: pointers are its parameters; what the host hands over by
// value (references in MSL) lies in constant memory, which costs no registers, as on Apple's GPUs.
#pragma once
#include "detail/raw_exchange.h"

namespace metal {
template <class T, int N>
struct vec;
}

namespace sm {

template <sm_uint Kind, sm_uint Index>
struct binding {
  const char* name;
  bool present;
};

template <class P>
struct referent {
  static constexpr bool reference = false, pointer = false;
};
template <class T>
struct referent<T*> {
  static constexpr bool reference = false, pointer = true;
};
template <class T>
struct referent<T&> {
  typedef T type;
  static constexpr bool reference = true, pointer = false;
};

constexpr sm_uint kBytesByValue = 1024;
__attribute__((address_space(4), aligned(16))) unsigned char by_value[SM_BUFFERS][kBytesByValue];

template <class T>
struct built_in {
  static T from(const sm_uint* values) { return T(values[0]); }
};
template <class T, int N>
struct built_in<metal::vec<T, N>> {
  static metal::vec<T, N> from(const sm_uint* values) {
    T element[N];
    for (int i = 0; i < N; ++i) element[i] = T(values[i]);
    return from_array<T, N>(element);
  }
};

// The same in all lanes, and the compiler is to know it.
inline sm_uint simdgroup() { return word_of_lane(__nvvm_read_ptx_sreg_tid_x() / SM_LANES, 0); }

template <sm_uint Kind>
inline void read_built_in(sm_uint (&values)[3]) {
  const sm_uint threads = __nvvm_read_ptx_sreg_ntid_x(), group = __nvvm_read_ptx_sreg_ctaid_x();
  const sm_uint thread = __nvvm_read_ptx_sreg_tid_x(), groups = __nvvm_read_ptx_sreg_nctaid_x();
  constexpr bool size = Kind == SM_THREADS_PER_THREADGROUP || Kind == SM_DISPATCH_THREADS_PER_THREADGROUP;
  values[0] = 0, values[1] = values[2] = 1;
  if constexpr (Kind == SM_THREAD_POSITION_IN_GRID) values[0] = group * threads + thread;
  if constexpr (Kind == SM_THREAD_POSITION_IN_THREADGROUP || Kind == SM_THREAD_INDEX_IN_THREADGROUP)
    values[0] = thread;
  if constexpr (Kind == SM_THREADGROUP_POSITION_IN_GRID) {
    values[0] = group;
    values[1] = __nvvm_read_ptx_sreg_ctaid_y();
    values[2] = __nvvm_read_ptx_sreg_ctaid_z();
  }
  if constexpr (size) values[0] = threads;
  if constexpr (Kind == SM_THREADGROUPS_PER_GRID) values[0] = groups;
  if constexpr (Kind == SM_THREADS_PER_GRID) values[0] = groups * threads;
  if constexpr (Kind == SM_THREAD_INDEX_IN_SIMDGROUP) values[0] = lane();
  if constexpr (Kind == SM_SIMDGROUP_INDEX_IN_THREADGROUP) values[0] = simdgroup();
  if constexpr (Kind == SM_SIMDGROUPS_PER_THREADGROUP) values[0] = threads / SM_LANES;
  if constexpr (Kind == SM_THREADS_PER_SIMDGROUP) values[0] = SM_LANES;
}

template <class P, sm_uint Kind, sm_uint Index>
[[gnu::always_inline]] inline P argument(const sm_thread* thread, binding<Kind, Index> bound) {
  if constexpr (referent<P>::reference) {
    return *(typename referent<P>::type*)&by_value[Index];
  } else if constexpr (referent<P>::pointer) {
    return (P)(bound.present ? thread->group->buffer[Index] : nullptr);
  } else {
    sm_uint values[3];
    read_built_in<Kind>(values);
    return built_in<__remove_cv(P)>::from(values);
  }
}

template <class... P, class... B>
[[gnu::always_inline]] inline void call(void (*kernel)(P...), const sm_thread* thread, B... bound) {
  kernel(argument<P>(thread, bound)...);
}

struct nothing {
  int values;
};
template <class... A>
constexpr nothing describe(A...) {
  return {};
}

}  // namespace sm

// Every buffer that Metal has is a parameter; those that a kernel does not use cost nothing.
#define SM_KERNEL_TABLE(count, arguments, entry, max_threads)                                                \
  extern "C" __attribute__((nvptx_kernel)) void sm_main(                                                     \
      char* b0, char* b1, char* b2, char* b3, char* b4, char* b5, char* b6, char* b7, char* b8, char* b9,    \
      char* b10, char* b11, char* b12, char* b13, char* b14, char* b15, char* b16, char* b17, char* b18,     \
      char* b19, char* b20, char* b21, char* b22, char* b23, char* b24, char* b25, char* b26, char* b27,     \
      char* b28, char* b29, char* b30) {                                                                     \
    sm_group group;                                                                                          \
    void* const buffers[] = {b0,  b1,  b2,  b3,  b4,  b5,  b6,  b7,  b8,  b9,  b10, b11, b12, b13, b14, b15, \
                             b16, b17, b18, b19, b20, b21, b22, b23, b24, b25, b26, b27, b28, b29, b30};     \
    static_assert(sizeof buffers / sizeof *buffers == SM_BUFFERS, "one parameter for each");                 \
    _Pragma("unroll") for (int i = 0; i < SM_BUFFERS; i++) group.buffer[i] = buffers[i];                     \
    sm_thread thread;                                                                                        \
    thread.group = &group;                                                                                   \
    entry(&thread);                                                                                          \
  }
