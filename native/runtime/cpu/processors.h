// How many threads this process may usefully run.
#pragma once

namespace fa {

/// Cores that the process may use: its affinity mask, cut by a container's quota. On Apple silicon,
/// performance cores.
int usable_cores();

}  // namespace fa
