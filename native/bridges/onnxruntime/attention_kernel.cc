#include "attention_kernel.h"

#include "bridges/process_device.h"
#include "onnx_attention.h"
#include "session_threads.h"

namespace fa::ort {
namespace {

/// [B, Hq, Lq, Dv], or [B, Lq, Hq * Dv] where the node's tensors are of rank 3.
Tensor allocate_output(const KernelValues& values, const OutputShapes& shapes, bool rank_3) {
  const auto& [batch, second, third, width] = shapes.out;
  if (!rank_3) return values.output(kY, shapes.out).value();
  const int64_t shape[] = {batch, second, third * width};
  return split_heads(values.output(kY, shape).value(), third, "out");
}

class AttentionOperator final : public NodeOperator {
 public:
  explicit AttentionOperator(OnnxAttention node) : node_(std::move(node)) {}

  void compute(const KernelValues& values) const override {
    OnnxAttentionTensors tensors{values.required(kQ, "q"), values.required(kK, "k"), values.required(kV, "v"),
                                 values.input(kAttnMask, "mask"), std::nullopt};
    auto lengths = values.indices(kNonpadKvSeqlen, "kvLengths");
    if (lengths) tensors.kv_lengths = index_tensor(*lengths);
    ForwardCall call = translate(node_, tensors);
    const OutputShapes shapes = checked_output_shapes(call.inputs, call.options, Direction::forward);
    call.out = allocate_output(values, shapes, tensors.q.rank == 3);
    run_on_session(values, call);
  }

 private:
  const OnnxAttention node_;
};

}  // namespace

std::unique_ptr<NodeOperator> make_attention_23(const Attributes& attributes) {
  return std::make_unique<AttentionOperator>(read_onnx_attention(attributes, 23));
}

std::unique_ptr<NodeOperator> make_attention_24(const Attributes& attributes) {
  return std::make_unique<AttentionOperator>(read_onnx_attention(attributes, 24));
}

}  // namespace fa::ort
