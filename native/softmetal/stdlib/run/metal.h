// All of metal_stdlib for execution as plain C++20. Compiled once into a precompiled header.
#pragma once
// Everything is inlined into the kernel, so that each access to memory has a place in the author's text.
#pragma clang attribute push(__attribute__((always_inline)), apply_to = function)
#include "array.h"
#include "atomic.h"
#include "conversion.h"
#include "geometric.h"
#include "integer.h"
#include "limits.h"
#include "math.h"
#include "matrix.h"
#include "pack.h"
#include "relational.h"
#include "simd_types.h"
#include "traits.h"
#include "unsupported.h"
#include "variants.h"
#include "vector.h"
#pragma clang attribute pop

#include "barrier.h"
#include "detail/raw_entry.h"
#include "internal_names.h"
#include "quad.h"
#include "simd.h"
#include "simdgroup_matrix.h"
#include "threadgroup.h"
