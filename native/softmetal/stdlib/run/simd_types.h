// Names of <simd/simd.h>, for headers that are shared with host code.
#pragma once
#include "matrix.h"

#define SM_SIMD_NAMES(t)                    \
  typedef t##2 simd_##t##2;                 \
  typedef t##3 simd_##t##3;                 \
  typedef t##4 simd_##t##4;                 \
  typedef t##2 vector_##t##2;               \
  typedef t##3 vector_##t##3;               \
  typedef t##4 vector_##t##4;               \
  typedef packed_##t##2 simd_packed_##t##2; \
  typedef packed_##t##4 simd_packed_##t##4; \
  namespace simd {                          \
  using ::t##2;                             \
  using ::t##3;                             \
  using ::t##4;                             \
  using ::packed_##t##2;                    \
  using ::packed_##t##4;                    \
  }
SM_SIMD_NAMES(char)
SM_SIMD_NAMES(uchar)
SM_SIMD_NAMES(short)
SM_SIMD_NAMES(ushort)
SM_SIMD_NAMES(int)
SM_SIMD_NAMES(uint)
SM_SIMD_NAMES(long)
SM_SIMD_NAMES(ulong)
SM_SIMD_NAMES(half)
SM_SIMD_NAMES(float)
#undef SM_SIMD_NAMES

#define SM_SIMD_NAMES(t, C)           \
  typedef t##C##x2 simd_##t##C##x2;   \
  typedef t##C##x3 simd_##t##C##x3;   \
  typedef t##C##x4 simd_##t##C##x4;   \
  typedef t##C##x2 matrix_##t##C##x2; \
  typedef t##C##x3 matrix_##t##C##x3; \
  typedef t##C##x4 matrix_##t##C##x4; \
  namespace simd {                    \
  using ::t##C##x2;                   \
  using ::t##C##x3;                   \
  using ::t##C##x4;                   \
  }
SM_SIMD_NAMES(float, 2)
SM_SIMD_NAMES(float, 3)
SM_SIMD_NAMES(float, 4)
SM_SIMD_NAMES(half, 2)
SM_SIMD_NAMES(half, 3)
SM_SIMD_NAMES(half, 4)
#undef SM_SIMD_NAMES
