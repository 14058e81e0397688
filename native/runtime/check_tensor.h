// Checks of one tensor against what the op expects of it. Each throws Error with the argument's public name.
#pragma once
#include <initializer_list>
#include <string>

#include "error.h"
#include "tensor.h"

namespace fa {

inline constexpr int64_t kAnySize = -1;

/// One axis of an expected shape: its letter, its size (or kAnySize), and whether 1 serves too.
struct Axis {
  const char* letter;
  int64_t size;
  bool broadcasts = false;
};

void expect_dtype(const char* argument, const Tensor& tensor, std::initializer_list<DType> allowed);
void expect_shape(const char* argument, const Tensor& tensor, std::initializer_list<Axis> axes);

/// Sizes and strides are non-negative, the innermost stride is 1, and the byte count fits.
void check_extent(const char* argument, const Tensor& tensor);

/// Strides are row-major without gaps.
void expect_packed(const char* argument, const Tensor& tensor);

/// No two elements share memory.
void expect_distinct_elements(const char* argument, const Tensor& tensor);

}  // namespace fa
