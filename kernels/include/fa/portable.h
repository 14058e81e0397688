// The few words that Metal and C++ spell differently, so that one header serves both.
#pragma once

#if defined(__METAL_VERSION__)
#include <metal_stdlib>
#define FA_INLINE METAL_FUNC
#define FA_CONSTANT constant constexpr
#else
#include <cstdint>
#define FA_INLINE inline
#define FA_CONSTANT inline constexpr
#endif

namespace fa {

#if defined(__METAL_VERSION__)
using Int64 = long;
using UInt32 = uint;
#else
using Int64 = int64_t;
using UInt32 = uint32_t;
#endif

FA_INLINE int fa_min(int a, int b) { return a < b ? a : b; }
FA_INLINE int fa_max(int a, int b) { return a > b ? a : b; }

}  // namespace fa
