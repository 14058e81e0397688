// metal_simdgroup_matrix: 8x8 matrices whose elements the 32 lanes of a simdgroup share.
#pragma once
#include "detail/matrix_memory.h"
#include "detail/raw_exchange.h"
#include "detail/raw_matrix.h"
#include "vector.h"

namespace metal {

template <class T, int Cols, int Rows>
struct simdgroup_matrix {
  static_assert(Cols == 8 && Rows == 8, "simdgroup_matrix exists as 8x8 only");
  static_assert(is_same_v<T, float> || is_same_v<T, half> || is_same_v<T, bfloat>,
                "simdgroup_matrix holds float, half or bfloat");
  typedef T value_type;
  typedef vec<T, 2> storage_type;

  simdgroup_matrix() = default;
  // The diagonal matrix.
  explicit simdgroup_matrix(T diagonal) {
    const sm::tile_place at = sm::place_in_tile();
    elements_ =
        storage_type(at.row == at.column ? diagonal : T(0), at.row == at.column + 1 ? diagonal : T(0));
  }
  // The elements of this lane.
  storage_type& thread_elements() { return elements_; }
  const storage_type& thread_elements() const { return elements_; }

 private:
  storage_type elements_;
};

typedef simdgroup_matrix<float, 8, 8> simdgroup_float8x8;
typedef simdgroup_matrix<half, 8, 8> simdgroup_half8x8;
typedef simdgroup_matrix<bfloat, 8, 8> simdgroup_bfloat8x8;

template <class T, int Cols, int Rows = Cols>
simdgroup_matrix<T, Cols, Rows> make_filled_simdgroup_matrix(T value) {
  simdgroup_matrix<T, Cols, Rows> result;
  result.thread_elements() = vec<T, 2>(value);
  return result;
}
template <class T, int Cols, int Rows = Cols>
simdgroup_matrix<T, Cols, Rows> make_diagonal_simdgroup_matrix(T value) {
  return simdgroup_matrix<T, Cols, Rows>(value);
}

template <class T, int Cols, int Rows>
SM_COLLECTIVE void simdgroup_load(simdgroup_matrix<T, Cols, Rows>& d, const T* source,
                                  ulong elements_per_row = Cols, ulong2 matrix_origin = ulong2(0),
                                  bool transpose_matrix = false, sm::here place = sm::here()) {
  T elements[2];
  sm::meet_for_matrix(place);
  sm::load_elements(elements, source,
                    {elements_per_row, matrix_origin[0], matrix_origin[1], transpose_matrix});
  d.thread_elements() = vec<T, 2>(elements[0], elements[1]);
}
template <class T, int Cols, int Rows>
SM_COLLECTIVE void simdgroup_load(simdgroup_matrix<T, Cols, Rows>& d, const volatile T* source,
                                  ulong elements_per_row = Cols, ulong2 matrix_origin = ulong2(0),
                                  bool transpose_matrix = false, sm::here place = sm::here()) {
  simdgroup_load(d, const_cast<const T*>(source), elements_per_row, matrix_origin, transpose_matrix, place);
}

template <class T, int Cols, int Rows>
SM_COLLECTIVE void simdgroup_store(const simdgroup_matrix<T, Cols, Rows>& a, T* destination,
                                   ulong elements_per_row = Cols, ulong2 matrix_origin = ulong2(0),
                                   bool transpose_matrix = false, sm::here place = sm::here()) {
  const T elements[2] = {a.thread_elements()[0], a.thread_elements()[1]};
  sm::store_elements(elements, destination,
                     {elements_per_row, matrix_origin[0], matrix_origin[1], transpose_matrix});
  sm::meet_for_matrix(place);
}
template <class T, int Cols, int Rows>
SM_COLLECTIVE void simdgroup_store(const simdgroup_matrix<T, Cols, Rows>& a, volatile T* destination,
                                   ulong elements_per_row = Cols, ulong2 matrix_origin = ulong2(0),
                                   bool transpose_matrix = false, sm::here place = sm::here()) {
  simdgroup_store(a, const_cast<T*>(destination), elements_per_row, matrix_origin, transpose_matrix, place);
}

// d = a * b + c. The operands may have different types: products and sums are float, rounded once at the end.
template <class D, class A, class B, class C, int Cols, int K, int Rows>
SM_COLLECTIVE void simdgroup_multiply_accumulate(simdgroup_matrix<D, Cols, Rows>& d,
                                                 const simdgroup_matrix<A, K, Rows>& a,
                                                 const simdgroup_matrix<B, Cols, K>& b,
                                                 const simdgroup_matrix<C, Cols, Rows>& c,
                                                 sm::here place = sm::here()) {
  d.thread_elements() =
      sm::multiply_accumulate<D>(a.thread_elements(), b.thread_elements(), c.thread_elements(), place);
}

// d = a * b
template <class D, class A, class B, int Cols, int K, int Rows>
SM_COLLECTIVE void simdgroup_multiply(simdgroup_matrix<D, Cols, Rows>& d,
                                      const simdgroup_matrix<A, K, Rows>& a,
                                      const simdgroup_matrix<B, Cols, K>& b, sm::here place = sm::here()) {
  d.thread_elements() =
      sm::multiply_accumulate<D>(a.thread_elements(), b.thread_elements(), vec<float, 2>(0), place);
}

// An operator has no argument left for its place: a report names the operator's line in this file.
template <class T, int Cols, int K, int Rows>
SM_COLLECTIVE simdgroup_matrix<T, Cols, Rows> operator*(const simdgroup_matrix<T, K, Rows>& a,
                                                        const simdgroup_matrix<T, Cols, K>& b) {
  simdgroup_matrix<T, Cols, Rows> d;
  simdgroup_multiply(d, a, b);
  return d;
}

// Copies that run beside the threads exist on some GPUs only and are no part of the documented language.
struct simdgroup_event {
  template <class... A>
  void async_copy(A...) {
    static_assert(sizeof...(A) == ~0ul, "simdgroup_async_copy is not supported by this device");
  }
};

}  // namespace metal
