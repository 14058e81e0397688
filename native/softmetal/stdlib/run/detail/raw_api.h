// The engine's functions, as this kernel sees them. The engine fills the table through sm_kernel_table.api.
#pragma once

#include "kernel_abi.h"

namespace sm {
inline sm_api api;
}
