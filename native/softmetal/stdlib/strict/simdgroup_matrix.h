// metal_simdgroup_matrix.
#pragma once
#include "types.h"

namespace metal {

template <class T, int C, int R>
struct simdgroup_matrix {
  typedef vec<T, 2> storage_type;
  storage_type t;
  simdgroup_matrix();
  simdgroup_matrix(const __private simdgroup_matrix&);
  __private simdgroup_matrix& operator=(simdgroup_matrix);
  explicit simdgroup_matrix(T);
  __private storage_type& thread_elements();
  const __private storage_type& thread_elements() const;
};
typedef simdgroup_matrix<float, 8, 8> simdgroup_float8x8;
typedef simdgroup_matrix<half, 8, 8> simdgroup_half8x8;
typedef simdgroup_matrix<bfloat, 8, 8> simdgroup_bfloat8x8;

template <class T, int C, int R = C>
simdgroup_matrix<T, C, R> make_filled_simdgroup_matrix(T);
template <class T, int C, int R = C>
simdgroup_matrix<T, C, R> make_diagonal_simdgroup_matrix(T);

#define SM_MEMORY(space)                                                                                    \
  template <class T, int C, int R>                                                                          \
  void simdgroup_load(__private simdgroup_matrix<T, C, R>&, const space T*, ulong = 8, ulong2 = ulong2(0),  \
                      bool = false);                                                                        \
  template <class T, int C, int R>                                                                          \
  void simdgroup_store(const __private simdgroup_matrix<T, C, R>&, space T*, ulong = 8, ulong2 = ulong2(0), \
                       bool = false);
SM_MEMORY(__global)
SM_MEMORY(__local)
#undef SM_MEMORY

#define SM_IN(type, columns, rows) const __private simdgroup_matrix<type, columns, rows>&
template <class D, class A, class B, int C, int R, int K>
void simdgroup_multiply(__private simdgroup_matrix<D, C, R>&, SM_IN(A, K, R), SM_IN(B, C, K));
template <class D, class A, class B, class E, int C, int R, int K>
void simdgroup_multiply_accumulate(__private simdgroup_matrix<D, C, R>&, SM_IN(A, K, R), SM_IN(B, C, K),
                                   SM_IN(E, C, R));
template <class T, int C, int R, int K>
simdgroup_matrix<T, C, R> operator*(SM_IN(T, K, R), SM_IN(T, C, K));
#undef SM_IN

}  // namespace metal
