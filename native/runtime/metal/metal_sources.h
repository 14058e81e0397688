// The kernels' MSL inside this binary. kernels/msl.mjs flattens it, native/gyp/metal-sources.mjs embeds it.
#pragma once
#include <string_view>

#include "generated/metal_variants.h"

namespace fa::metal {

/// A kernel's whole file with its headers. A variant's library is this, a newline and its `instantiation`.
std::string_view metal_source(MetalKernel kernel);

}  // namespace fa::metal
