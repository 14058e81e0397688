// The kernels of the two ops: TensorFlow tensors in, one call of the runtime, TensorFlow tensors out.
//
// FaMetalAttention:     q, k, v, options            -> out, lse, softmaxStats
// FaMetalAttentionGrad: those, out, lse, dOut, ...  -> dq, dk, dv, gradients of the options that are wanted
#pragma once
#include "c_api.h"

namespace fa::tensorflow {

void* create_forward(TF_OpKernelConstruction* construction);
void* create_backward(TF_OpKernelConstruction* construction);
void delete_kernel(void* kernel);
void compute_forward(void* kernel, TF_OpKernelContext* context);
void compute_backward(void* kernel, TF_OpKernelContext* context);

}  // namespace fa::tensorflow
