// Kernels written by hand in C++, so that the engine can be tested without a compiler of Metal.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "dispatches.h"

// All in one section: the engine wants to know where a kernel's code lies.
#define KERNEL static __attribute__((section("hand_kernels"), noinline))
extern "C" const char __start_hand_kernels[], __stop_hand_kernels[];

namespace hand {

inline sm_api api;
inline unsigned static_bytes = 0;

// Like the functions of stdlib/run: a place by default arguments.
struct Place : sm_place {
  Place(const char* file, unsigned line) : sm_place{file, line, 1} {}
};
#define HERE \
  hand::Place { "hand.metal", __LINE__ }

#define HAND_INLINE inline __attribute__((always_inline))
HAND_INLINE void threadgroup_barrier(Place place) {
  api.barrier(SM_SCOPE_THREADGROUP, SM_MEM_THREADGROUP, &place);
}
HAND_INLINE void simdgroup_barrier(Place place) {
  api.barrier(SM_SCOPE_SIMDGROUP, SM_MEM_THREADGROUP, &place);
}
HAND_INLINE uint32_t shuffle(uint32_t value, unsigned lane, Place place) {
  sm_exchange* table = api.exchange(&value, sizeof value, SM_SHUFFLE, nullptr, &place);
  return *reinterpret_cast<uint32_t*>(table->lane[lane].bytes);
}
inline void add_all(sm_exchange* table) {
  uint32_t sum = 0;
  for (int i = 0; i < SM_LANES; i++) {
    if (table->active >> i & 1) sum += *reinterpret_cast<uint32_t*>(table->lane[i].bytes);
  }
  *reinterpret_cast<uint32_t*>(table->lane[0].bytes) = sum;
}
HAND_INLINE uint32_t sum(uint32_t value, Place place) {
  sm_exchange* table = api.exchange(&value, sizeof value, SM_REDUCE, add_all, &place);
  return *reinterpret_cast<uint32_t*>(table->lane[0].bytes);
}

template <class T>
T* buffer(const sm_thread* thread, int index) {
  return static_cast<T*>(thread->group->buffer[index]);
}

inline std::shared_ptr<softmetal::LoadedKernel> kernel(void (*entry)(const sm_thread*),
                                                       const char* name = "hand") {
  auto* table = new sm_kernel{};  // as long as the process, like a loaded library
  table->abi_version = SM_ABI_VERSION;
  table->entry = entry;
  table->api = &api;
  table->static_threadgroup_bytes = [] { return static_bytes; };
  auto loaded = std::make_shared<softmetal::LoadedKernel>();
  loaded->table = table;
  loaded->name = name;
  loaded->image_begin = __start_hand_kernels;
  loaded->image_end = __stop_hand_kernels;
  return loaded;
}

// This many threadgroups of so many threads.
inline softmetal::Dispatch dispatch(void (*entry)(const sm_thread*), Size threadgroups, Size threads) {
  return dispatch(kernel(entry), threadgroups, threads);
}

}  // namespace hand
