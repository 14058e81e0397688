// key_padding_mask of com.microsoft's operators: what is not above 0 gets a finite number added to its score,
// so that a row whose keys are all padding still attends to them.
#pragma once
#include <optional>
#include <vector>

#include "tensor.h"

namespace fa::ort {

/// @param mask int32 [B, Lk] or [B, Lq, Lk]
/// @param bias float32 [1|B, 1|Hq, Lq, Lk], added to it
/// @param sum gets the values of the result
/// @returns float32 [B, 1, 1, Lk], or as large as mask and bias ask for
/// @throws Error DTYPE_MISMATCH, SHAPE_MISMATCH
Tensor padding_bias(const Tensor& mask, const std::optional<Tensor>& bias, float filter_value,
                    std::vector<float>& sum);

}  // namespace fa::ort
