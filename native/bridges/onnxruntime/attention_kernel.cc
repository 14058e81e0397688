#include "attention_kernel.h"

#include <memory>

#include "bridges/process_device.h"
#include "onnx_attention.h"
#include "values.h"

namespace fa::ort {
namespace {

struct AttentionKernel : OrtKernelImpl {
  const OrtApi* api;
  OnnxAttention node;

  AttentionKernel(const OrtApi* api, OnnxAttention node) : OrtKernelImpl{}, api(api), node(std::move(node)) {}

  void compute(OrtKernelContext* context) const;
};

/// [B, Hq, Lq, Dv], or [B, Lq, Hq * Dv] where the node's tensors are of rank 3.
Tensor allocate_output(const KernelValues& values, const OutputShapes& shapes, bool rank_3) {
  const auto& [batch, second, third, width] = shapes.out;
  if (!rank_3) return values.output(kY, shapes.out).value();
  const int64_t shape[] = {batch, second, third * width};
  return split_heads(values.output(kY, shape).value(), third, "out");
}

void AttentionKernel::compute(OrtKernelContext* context) const {
  const OpScope scope("attention");
  const KernelValues values(api, context);
  const OnnxAttentionTensors tensors{values.required(kQ, "q"), values.required(kK, "k"),
                                     values.required(kV, "v"), values.input(kAttnMask, "mask")};
  ForwardCall call = translate(node, tensors);
  const OutputShapes shapes = checked_output_shapes(call.inputs, call.options, Direction::forward);
  call.out = allocate_output(values, shapes, tensors.q.rank == 3);
  process_device().forward(call);
}

OrtStatus* ORT_API_CALL compute(OrtKernelImpl* kernel, OrtKernelContext* context) noexcept {
  const auto& self = *static_cast<AttentionKernel*>(kernel);
  return guarded(self.api, [&] { self.compute(context); });
}

void ORT_API_CALL release(OrtKernelImpl* kernel) noexcept { delete static_cast<AttentionKernel*>(kernel); }

template <int kFirstOpset>
OrtStatus* ORT_API_CALL create(void* state, const OrtKernelInfo* info, OrtKernelImpl** kernel) noexcept {
  const OrtApi* api = static_cast<const Host*>(state)->api;
  return guarded(api, [&] {
    const OpScope scope("attention");
    auto made =
        std::make_unique<AttentionKernel>(api, read_onnx_attention(KernelAttributes(api, info), kFirstOpset));
    made->ort_version_supported = kApiVersion;
    made->Compute = compute;
    made->Release = release;
    *kernel = made.release();
  });
}

}  // namespace

OrtKernelCreateFunc attention_kernel_creator(int first_opset) {
  return first_opset >= 24 ? create<24> : create<23>;
}

}  // namespace fa::ort
