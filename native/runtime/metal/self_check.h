// Kernels are compared with the cpu backend before they are trusted on a GPU that nobody tested them on.
#pragma once
#include <memory>

#include "backend.h"

namespace fa::metal {

/// The backend `gpu`, whose kernels each run a small problem before their first use for a dtype and head
/// size. One that deviates from `reference` is never used: calls that need it throw INTERNAL, and info()
/// lists it.
std::unique_ptr<Backend> with_self_check(std::unique_ptr<Backend> gpu, std::unique_ptr<Backend> reference);

}  // namespace fa::metal
