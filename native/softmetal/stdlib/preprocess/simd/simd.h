// Headers shared with host code include this for simd_float4, vector_float4, simd::float4: see
// stdlib/run/simd_types.h.
#pragma once
#include <metal_stdlib>
