// The functions that kernels call.
#pragma once

#include "kernel_abi.h"

namespace softmetal {

extern const sm_api kApi;

}  // namespace softmetal
