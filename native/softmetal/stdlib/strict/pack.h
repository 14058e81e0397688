// metal_pack.
#pragma once
#include "types.h"

namespace metal {

#define SM_PACK(type)                           \
  uint pack_##type##_to_unorm4x8(type##4);      \
  uint pack_##type##_to_snorm4x8(type##4);      \
  uint pack_##type##_to_srgb_unorm4x8(type##4); \
  uint pack_##type##_to_unorm2x16(type##2);     \
  uint pack_##type##_to_snorm2x16(type##2);     \
  uint pack_##type##_to_unorm10a2(type##4);     \
  ushort pack_##type##_to_unorm565(type##3);    \
  type##4 unpack_unorm4x8_to_##type(uint);      \
  type##4 unpack_snorm4x8_to_##type(uint);      \
  type##4 unpack_unorm4x8_srgb_to_##type(uint); \
  type##2 unpack_unorm2x16_to_##type(uint);     \
  type##2 unpack_snorm2x16_to_##type(uint);     \
  type##4 unpack_unorm10a2_to_##type(uint);     \
  type##3 unpack_unorm565_to_##type(ushort);
SM_PACK(float)
SM_PACK(half)
#undef SM_PACK

}  // namespace metal
