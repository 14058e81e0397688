// metal_compute: barriers.
#pragma once
#include "detail/raw_exchange.h"
#include "types.h"

namespace metal {

enum class mem_flags : uint {
  mem_none = SM_MEM_NONE,
  mem_device = SM_MEM_DEVICE,
  mem_threadgroup = SM_MEM_THREADGROUP,
  mem_texture = SM_MEM_TEXTURE,
  mem_threadgroup_imageblock = 8,
  mem_object_data = 16
};
constexpr mem_flags operator|(mem_flags a, mem_flags b) { return mem_flags(uint(a) | uint(b)); }
constexpr mem_flags operator&(mem_flags a, mem_flags b) { return mem_flags(uint(a) & uint(b)); }

enum thread_scope {
  thread_scope_thread,
  thread_scope_simdgroup,
  thread_scope_threadgroup,
  thread_scope_device,
  thread_scope_system
};

SM_COLLECTIVE void threadgroup_barrier(mem_flags flags, sm::here place = sm::here()) {
  sm::barrier(SM_SCOPE_THREADGROUP, uint(flags), place);
}
SM_COLLECTIVE void simdgroup_barrier(mem_flags flags, sm::here place = sm::here()) {
  sm::barrier(SM_SCOPE_SIMDGROUP, uint(flags), place);
}
// The scope is how far the fence reaches; here every fence reaches all.
SM_COLLECTIVE void threadgroup_barrier(mem_flags flags, thread_scope, sm::here place = sm::here()) {
  sm::barrier(SM_SCOPE_THREADGROUP, uint(flags), place);
}
SM_COLLECTIVE void simdgroup_barrier(mem_flags flags, thread_scope, sm::here place = sm::here()) {
  sm::barrier(SM_SCOPE_SIMDGROUP, uint(flags), place);
}

}  // namespace metal
