// Finds the TensorFlow that this process has loaded. Never loads one itself.
#pragma once
#include <string>
#include <vector>

#include "c_api.h"

namespace fa::tensorflow {

/// Paths of the loaded TensorFlow libraries, libtensorflow_framework first.
std::vector<std::string> loaded_libraries();

/// The functions of the first loaded TensorFlow; the same table ever after.
/// @throws Error HOST_INCOMPATIBLE when none is loaded, or naming the symbol that it lacks
const CApi& c_api();

/// Keeps this binary mapped until the process ends: TensorFlow has no way to unregister a kernel, while Node
/// unloads an addon when the last worker that uses it exits. @throws Error HOST_INCOMPATIBLE
void pin_this_binary();

}  // namespace fa::tensorflow
