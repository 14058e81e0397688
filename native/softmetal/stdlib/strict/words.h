// MSL's words in terms of C++ for OpenCL. Included last: the declarations before it use OpenCL's own words.
#pragma once

#define device __global
#define threadgroup __local
#define thread __private
#define constant const __constant
#define ray_data __private
#define object_data __local
#define threadgroup_imageblock __local

// `threadgroup float tile[8];` as the translator writes it.
#define SM_THREADGROUP(name, ...)             \
  __local metal::sm_same<__VA_ARGS__>& name = \
      *(__local metal::sm_same<__VA_ARGS__>*)metal::sm_threadgroup_memory()

// `float4(a, b)` builds a vector in MSL. The translator writes the type's first letter as $ there, which
// keeps columns.
#define SM_BUILD(type) metal::sm_make<metal::type>
#define $loat2 SM_BUILD(float2)
#define $loat3 SM_BUILD(float3)
#define $loat4 SM_BUILD(float4)
#define $alf2 SM_BUILD(half2)
#define $alf3 SM_BUILD(half3)
#define $alf4 SM_BUILD(half4)
#define $float2 SM_BUILD(bfloat2)
#define $float3 SM_BUILD(bfloat3)
#define $float4 SM_BUILD(bfloat4)
#define $har2 SM_BUILD(char2)
#define $har3 SM_BUILD(char3)
#define $har4 SM_BUILD(char4)
#define $char2 SM_BUILD(uchar2)
#define $char3 SM_BUILD(uchar3)
#define $char4 SM_BUILD(uchar4)
#define $hort2 SM_BUILD(short2)
#define $hort3 SM_BUILD(short3)
#define $hort4 SM_BUILD(short4)
#define $short2 SM_BUILD(ushort2)
#define $short3 SM_BUILD(ushort3)
#define $short4 SM_BUILD(ushort4)
#define $nt2 SM_BUILD(int2)
#define $nt3 SM_BUILD(int3)
#define $nt4 SM_BUILD(int4)
#define $int2 SM_BUILD(uint2)
#define $int3 SM_BUILD(uint3)
#define $int4 SM_BUILD(uint4)
#define $ong2 SM_BUILD(long2)
#define $ong3 SM_BUILD(long3)
#define $ong4 SM_BUILD(long4)
#define $long2 SM_BUILD(ulong2)
#define $long3 SM_BUILD(ulong3)
#define $long4 SM_BUILD(ulong4)
#define $ool2 SM_BUILD(bool2)
#define $ool3 SM_BUILD(bool3)
#define $ool4 SM_BUILD(bool4)
