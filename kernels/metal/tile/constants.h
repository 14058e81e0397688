// Function constants: what a pipeline leaves out. See fa::constant_id.
#pragma once
#include "fa/bindings.h"

namespace fa {

constant bool has_mask [[function_constant(constant_id::kHasMask)]];
constant bool has_bias [[function_constant(constant_id::kHasBias)]];
constant int bias_type [[function_constant(constant_id::kBiasType)]];
constant bool aligned [[function_constant(constant_id::kAligned)]];
constant bool writes_lse [[function_constant(constant_id::kWritesLse)]];
constant bool writes_stats [[function_constant(constant_id::kWritesStats)]];
constant bool has_stats [[function_constant(constant_id::kHasStats)]];
constant bool has_d_lse [[function_constant(constant_id::kHasDLse)]];
constant bool stores_d_scores [[function_constant(constant_id::kStoresDScores)]];
constant bool has_sequences [[function_constant(constant_id::kHasSequences)]];
constant bool is_packed [[function_constant(constant_id::kIsPacked)]];
constant bool has_alibi [[function_constant(constant_id::kHasAlibi)]];
constant bool has_softcap [[function_constant(constant_id::kHasSoftcap)]];
constant bool has_sinks [[function_constant(constant_id::kHasSinks)]];
constant bool has_dropout [[function_constant(constant_id::kHasDropout)]];
constant bool has_pages [[function_constant(constant_id::kHasPages)]];
constant bool k_is_int8 [[function_constant(constant_id::kKIsInt8)]];
constant bool v_is_int8 [[function_constant(constant_id::kVIsInt8)]];
constant bool sums_slopes [[function_constant(constant_id::kSumsSlopes)]];

}  // namespace fa
