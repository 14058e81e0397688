// metal_array.
#pragma once
#include "types.h"

namespace metal {

template <class T, size_t N>
struct array {
  T sm_elements[N];

  constexpr T& operator[](size_t i) { return sm_elements[i]; }
  constexpr const T& operator[](size_t i) const { return sm_elements[i]; }
  constexpr T* data() { return sm_elements; }
  constexpr const T* data() const { return sm_elements; }
  constexpr T* begin() { return sm_elements; }
  constexpr const T* begin() const { return sm_elements; }
  constexpr T* end() { return sm_elements + N; }
  constexpr const T* end() const { return sm_elements + N; }
  constexpr T& front() { return sm_elements[0]; }
  constexpr const T& front() const { return sm_elements[0]; }
  constexpr T& back() { return sm_elements[N - 1]; }
  constexpr const T& back() const { return sm_elements[N - 1]; }
  static constexpr size_t size() { return N; }
  static constexpr bool empty() { return false; }
};

}  // namespace metal
