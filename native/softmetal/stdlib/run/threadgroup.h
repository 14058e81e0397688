// `threadgroup float tile[8][32];` in a kernel, as the translator writes it: SM_THREADGROUP(tile,
// float[8][32]).
#pragma once

#include "detail/raw_threadgroup.h"

#define SM_THREADGROUP(name, ...)                                                                 \
  alignas(__VA_ARGS__) __attribute__((                                                            \
      section("sm_threadgroup"))) static unsigned char sm_image_of_##name[sizeof(__VA_ARGS__)];   \
  __attribute__((section("sm_variables"), used)) static const sm_variable sm_record_of_##name = { \
      #name, sm_image_of_##name, sizeof(__VA_ARGS__)};                                            \
  auto& name = ::sm::threadgroup_variable<__VA_ARGS__>(sm_image_of_##name)
