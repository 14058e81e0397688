// Memory for buffers: right against an inaccessible zone, so that even a wild index faults instead of hitting
// a neighbour.
#pragma once

#include <cstddef>

namespace softmetal {

constexpr unsigned char kPoison = 0xff;  // NaN in half, bfloat and float

void* allocate_guarded(size_t length, size_t guard_bytes);  // poisoned; null when the system has no room
void free_guarded(void* address);

}  // namespace softmetal
