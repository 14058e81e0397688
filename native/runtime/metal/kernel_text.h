// The kernels' MSL inside this binary. kernels/msl.mjs flattens it, native/gyp/metal-sources.mjs embeds it.
#pragma once
#include <string>

#include "generated/metal_variants.h"

namespace fa::metal {

/// All that Metal has to compile for one variant: the kernel's file with its headers, and the instantiation.
std::string kernel_text(const MetalVariant& variant);

}  // namespace fa::metal
