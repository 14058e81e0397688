// metal_quadgroup: the functions of simd.h over four lanes.
#pragma once
#include "simd.h"

namespace metal {
SM_GROUP_FUNCTIONS(quad, 4)
}

#undef SM_GROUP_FUNCTIONS
#undef SM_REDUCTION
#undef SM_SCAN
#undef SM_VOTES
