// The parameters of a kernel: what each one is bound to.
#pragma once

#include "translate/passes.h"

namespace softmetal {

// Textures, samplers, ray tracing.
bool is_unsupported_type(const Token& token);

// Strict dialect: does the type, in the range, fit what the parameter is bound to?
void check_parameter(Translation& translation, const Parameter& parameter, Range type);

void read_parameters(Translation& translation, const Declaration& declaration, Kernel& kernel);

}  // namespace softmetal
