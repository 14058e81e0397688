// `threadgroup float tile[8][32];` as shared memory.
#pragma once

#define SM_THREADGROUP(name, ...)                                                                       \
  using sm_type_of_##name = __VA_ARGS__;                                                                \
  static __attribute__((address_space(3), loader_uninitialized)) sm_type_of_##name sm_memory_of_##name; \
  auto& name = *(sm_type_of_##name*)&sm_memory_of_##name
