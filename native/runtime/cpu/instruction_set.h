// Which builds of the CPU kernels the running processor can execute.
#pragma once
#include <string>
#include <vector>

#include "cpu/attention.h"

namespace fa {

/// Kernels that run here, best first; never empty.
std::vector<const cpu::Kernels*> runnable_kernels();

/// @param isa name of an instruction set; empty = the best that runs here
/// @throws Error INVALID_ARGUMENT for an unknown name, BACKEND_UNAVAILABLE for one that does not run here
const cpu::Kernels& choose_kernels(const std::string& isa);

/// As the system names the processor; "cpu" where it does not say.
std::string processor_name();

}  // namespace fa
