// metal_stdlib for the strict check: declarations only, as C++ for OpenCL 2021 without its generic address
// space, so that an unqualified pointer points to `thread` memory and nothing converts silently, as in MSL.
#pragma once
#include "atomic.h"
#include "group.h"
#include "integer.h"
#include "math.h"
#include "pack.h"
#include "relational.h"
#include "simdgroup_matrix.h"
#include "traits.h"
#include "types.h"
#include "words.h"
