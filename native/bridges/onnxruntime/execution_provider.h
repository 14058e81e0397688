// The plugin execution provider: kernels by registry, nothing compiled.
#pragma once
#include "host.h"

namespace fa::ort {

/// @throws HostFailure
OrtEp* create_provider(const Host& host);
void release_provider(OrtEp* provider);

}  // namespace fa::ort
