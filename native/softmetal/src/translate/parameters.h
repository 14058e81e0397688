// The parameters of a kernel: what each one is bound to.
#pragma once

#include "translate/passes.h"

namespace softmetal {

// Textures, samplers, ray tracing.
bool is_unsupported_type(const Token& token);

void read_parameters(Translation& translation, const Declaration& declaration, Kernel& kernel);

}  // namespace softmetal
