// metal_pack: vectors as bits of one integer. Normalised values are clamped, scaled and rounded to nearest
// even.
#pragma once
#include "common.h"

namespace sm {

inline uint unorm(float x, uint most) { return uint(__builtin_rintf(metal::saturate(x) * float(most))); }
inline uint snorm(float x, int most, uint mask) {
  float clamped = x != x ? 0 : metal::clamp(x, -1.0f, 1.0f);
  return uint(int(__builtin_rintf(clamped * float(most)))) & mask;
}
constexpr float from_unorm(uint bits, uint most) { return float(bits & most) / float(most); }
// Two patterns mean -1: the smallest integer and its neighbour.
constexpr float from_snorm(int bits, int most) { return metal::max(float(bits) / float(most), -1.0f); }

inline float to_srgb(float x) {
  float c = metal::saturate(x);
  return c < 0.0031308f ? 12.92f * c : 1.055f * __builtin_powf(c, 1.0f / 2.4f) - 0.055f;
}
inline float from_srgb(float c) {
  return c <= 0.04045f ? c / 12.92f : __builtin_powf((c + 0.055f) / 1.055f, 2.4f);
}

}  // namespace sm

namespace metal {

inline uint pack_float_to_unorm4x8(float4 v) {
  return sm::unorm(v.x, 255) | sm::unorm(v.y, 255) << 8 | sm::unorm(v.z, 255) << 16 |
         sm::unorm(v.w, 255) << 24;
}
inline uint pack_float_to_snorm4x8(float4 v) {
  return sm::snorm(v.x, 127, 255) | sm::snorm(v.y, 127, 255) << 8 | sm::snorm(v.z, 127, 255) << 16 |
         sm::snorm(v.w, 127, 255) << 24;
}
inline uint pack_float_to_srgb_unorm4x8(float4 v) {
  return pack_float_to_unorm4x8(float4(sm::to_srgb(v.x), sm::to_srgb(v.y), sm::to_srgb(v.z), v.w));
}
inline uint pack_float_to_unorm2x16(float2 v) {
  return sm::unorm(v.x, 0xffff) | sm::unorm(v.y, 0xffff) << 16;
}
inline uint pack_float_to_snorm2x16(float2 v) {
  return sm::snorm(v.x, 0x7fff, 0xffff) | sm::snorm(v.y, 0x7fff, 0xffff) << 16;
}
inline uint pack_float_to_unorm10a2(float4 v) {
  return sm::unorm(v.x, 1023) | sm::unorm(v.y, 1023) << 10 | sm::unorm(v.z, 1023) << 20 |
         sm::unorm(v.w, 3) << 30;
}
inline ushort pack_float_to_unorm565(float3 v) {
  return ushort(sm::unorm(v.x, 31) | sm::unorm(v.y, 63) << 5 | sm::unorm(v.z, 31) << 11);
}

constexpr float4 unpack_unorm4x8_to_float(uint bits) {
  return float4(sm::from_unorm(bits, 255), sm::from_unorm(bits >> 8, 255), sm::from_unorm(bits >> 16, 255),
                sm::from_unorm(bits >> 24, 255));
}
constexpr float4 unpack_snorm4x8_to_float(uint bits) {
  return float4(sm::from_snorm(int8_t(bits), 127), sm::from_snorm(int8_t(bits >> 8), 127),
                sm::from_snorm(int8_t(bits >> 16), 127), sm::from_snorm(int8_t(bits >> 24), 127));
}
inline float4 unpack_unorm4x8_srgb_to_float(uint bits) {
  float4 v = unpack_unorm4x8_to_float(bits);
  return float4(sm::from_srgb(v.x), sm::from_srgb(v.y), sm::from_srgb(v.z), v.w);
}
constexpr float2 unpack_unorm2x16_to_float(uint bits) {
  return float2(sm::from_unorm(bits, 0xffff), sm::from_unorm(bits >> 16, 0xffff));
}
constexpr float2 unpack_snorm2x16_to_float(uint bits) {
  return float2(sm::from_snorm(short(bits), 0x7fff), sm::from_snorm(short(bits >> 16), 0x7fff));
}
constexpr float4 unpack_unorm10a2_to_float(uint bits) {
  return float4(sm::from_unorm(bits, 1023), sm::from_unorm(bits >> 10, 1023),
                sm::from_unorm(bits >> 20, 1023), sm::from_unorm(bits >> 30, 3));
}
constexpr float3 unpack_unorm565_to_float(ushort bits) {
  return float3(sm::from_unorm(bits, 31), sm::from_unorm(bits >> 5, 63), sm::from_unorm(bits >> 11, 31));
}

#define SM_HALF(name, n) \
  inline uint pack_half_to_##name(half##n v) { return pack_float_to_##name(float##n(v)); }
SM_HALF(unorm4x8, 4)
SM_HALF(snorm4x8, 4)
SM_HALF(srgb_unorm4x8, 4)
SM_HALF(unorm2x16, 2)
SM_HALF(snorm2x16, 2)
SM_HALF(unorm10a2, 4)
#undef SM_HALF
inline ushort pack_half_to_unorm565(half3 v) { return pack_float_to_unorm565(float3(v)); }
#define SM_HALF(name, n, Bits) \
  inline half##n unpack_##name##_to_half(Bits bits) { return half##n(unpack_##name##_to_float(bits)); }
SM_HALF(unorm4x8, 4, uint)
SM_HALF(snorm4x8, 4, uint)
SM_HALF(unorm4x8_srgb, 4, uint)
SM_HALF(unorm2x16, 2, uint)
SM_HALF(snorm2x16, 2, uint)
SM_HALF(unorm10a2, 4, uint)
SM_HALF(unorm565, 3, ushort)
#undef SM_HALF

}  // namespace metal
