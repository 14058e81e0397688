// Overload sets as MSL has them: one function per type, so that a call with mixed types is as ambiguous here
// as there. M(T, ...) is used once per type.
#pragma once
#include "types.h"

// clang-format off
#define SM_WIDTHS(M, type, ...) \
  M(type, __VA_ARGS__) M(type##2, __VA_ARGS__) M(type##3, __VA_ARGS__) M(type##4, __VA_ARGS__)
#define SM_FLOATS(M, ...) \
  SM_WIDTHS(M, float, __VA_ARGS__) SM_WIDTHS(M, half, __VA_ARGS__) SM_WIDTHS(M, bfloat, __VA_ARGS__)
#define SM_FLOAT_VECTORS(M, ...)                                                          \
  M(float2, float, __VA_ARGS__) M(float3, float, __VA_ARGS__) M(float4, float, __VA_ARGS__) \
  M(half2, half, __VA_ARGS__) M(half3, half, __VA_ARGS__) M(half4, half, __VA_ARGS__)
#define SM_INTEGERS(M, ...)                                                                                  \
  SM_WIDTHS(M, char, __VA_ARGS__) SM_WIDTHS(M, uchar, __VA_ARGS__) SM_WIDTHS(M, short, __VA_ARGS__)            \
  SM_WIDTHS(M, ushort, __VA_ARGS__) SM_WIDTHS(M, int, __VA_ARGS__) SM_WIDTHS(M, uint, __VA_ARGS__)             \
  SM_WIDTHS(M, long, __VA_ARGS__) SM_WIDTHS(M, ulong, __VA_ARGS__)
// clang-format on

#define SM_UNARY(T, name) T name(T);
#define SM_BINARY(T, name) T name(T, T);
#define SM_TERNARY(T, name) T name(T, T, T);
