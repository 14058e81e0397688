#include "custom_kernel.h"

#include <algorithm>
#include <iterator>

#include "attributes.h"
#include "bridges/process_device.h"
#include "session_threads.h"
#include "values.h"

namespace fa::ort {
namespace {

constexpr const char* kAttributes[] = {"layout",       "scale",         "softcap",
                                       "causal",       "causal_offset", "window_left",
                                       "window_right", "dropout_rate",  "seed"};

void read_causal(const Attributes& attributes, AttentionOptions& options) {
  const std::string causal = attributes.text("causal").value_or("none");
  const auto diagonal = parse_diagonal(causal);
  if (!diagonal) refuse(ErrorCode::INVALID_ARGUMENT, "causal", kDiagonalNames, "'" + causal + "'");
  const auto offset = attributes.integer("causal_offset");
  if (*diagonal == Diagonal::offset && !offset) {
    refuse(ErrorCode::INVALID_ARGUMENT, "causal", "the attribute causal_offset with causal 'offset'", "none");
  }
  if (*diagonal != Diagonal::offset && offset.value_or(0) != 0) {
    refuse(ErrorCode::INVALID_ARGUMENT, "causal", "causal_offset only with causal 'offset'",
           "causal '" + causal + "'");
  }
  options.causal = Alignment{*diagonal, offset.value_or(0)};
}

AttentionOptions read_options(const Attributes& attributes) {
  AttentionOptions options;
  const std::string layout = attributes.text("layout").value_or("bhld");
  const auto parsed = parse_layout(layout);
  if (!parsed) refuse(ErrorCode::INVALID_ARGUMENT, "layout", kLayoutNames, "'" + layout + "'");
  options.layout = *parsed;
  if (const auto scale = attributes.real("scale"); scale && *scale != 0) options.scale = scale;
  if (const auto softcap = attributes.real("softcap"); softcap && *softcap != 0) options.softcap = softcap;
  read_causal(attributes, options);
  const Window window{attributes.integer("window_left").value_or(-1),
                      attributes.integer("window_right").value_or(-1)};
  if (window.left != -1 || window.right != -1) options.window = window;
  const double rate = attributes.real("dropout_rate").value_or(0);
  if (rate != 0)
    options.dropout = Dropout{rate, static_cast<uint64_t>(attributes.integer("seed").value_or(0))};
  return options;
}

/// The optional inputs, which both ops have in the same order from `first` on.
void read_optional_inputs(const KernelValues& values, size_t first, AttentionInputs& inputs) {
  inputs.bias = values.input(first, "bias");
  inputs.mask = values.input(first + 1, "mask");
  inputs.alibi_slopes = values.input(first + 2, "alibiSlopes");
  inputs.sinks = values.input(first + 3, "sinks");
  inputs.kv_lengths = values.input(first + 4, "kvLengths");
  inputs.cu_seqlens_q = values.input(first + 5, "cuSeqlensQ");
  inputs.cu_seqlens_k = values.input(first + 6, "cuSeqlensK");
}

/// The kernel reads its attributes once; it keeps nothing between calls.
class Kernel : public CustomKernel {
 public:
  Kernel(const OrtApi* api, AttentionOptions options) : options_(std::move(options)), api_(api) {}
  const OrtApi* api() const final { return api_; }

 protected:
  const AttentionOptions options_;

 private:
  const OrtApi* api_;
};

class ForwardKernel final : public Kernel {
 public:
  using Kernel::Kernel;

  void compute(OrtKernelContext* context) const override {
    const OpScope scope("attention");
    const KernelValues values(api(), context);
    ForwardCall call;
    call.options = options_;
    call.inputs.q = values.required(0, "q");
    call.inputs.k = values.required(1, "k");
    call.inputs.v = values.required(2, "v");
    read_optional_inputs(values, 3, call.inputs);
    const OutputShapes shapes = checked_output_shapes(call.inputs, call.options, Direction::forward);
    call.out = values.output(0, host_shape(shapes.out, call.inputs)).value();
    call.lse = values.output(1, host_shape(shapes.lse, call.inputs));
    run_on_session(values, call);
  }
};

class BackwardKernel final : public Kernel {
 public:
  using Kernel::Kernel;

  void compute(OrtKernelContext* context) const override {
    const OpScope scope("attentionBackward");
    const KernelValues values(api(), context);
    BackwardCall call;
    call.options = options_;
    call.inputs.q = values.required(0, "q");
    call.inputs.k = values.required(1, "k");
    call.inputs.v = values.required(2, "v");
    call.out = values.required(3, "out");
    call.lse = values.required(4, "lse");
    call.d_out = values.required(5, "dOut");
    call.d_lse = values.input(6, "dLse");
    read_optional_inputs(values, 7, call.inputs);
    const OutputShapes shapes = checked_output_shapes(call.inputs, call.options, Direction::backward);
    call.dq = values.output(0, host_shape(shapes.dq, call.inputs)).value();
    call.dk = values.output(1, host_shape(shapes.dk, call.inputs)).value();
    call.dv = values.output(2, host_shape(shapes.dv, call.inputs)).value();
    call.d_bias = gradient(values, 3, call.inputs.bias, "bias");
    call.d_alibi_slopes = gradient(values, 4, call.inputs.alibi_slopes, "alibiSlopes");
    call.d_sinks = gradient(values, 5, call.inputs.sinks, "sinks");
    run_on_session(values, call);
  }

 private:
  /// The gradient of an optional input, of its shape, where the node has that output.
  static std::optional<Tensor> gradient(const KernelValues& values, size_t index,
                                        const std::optional<Tensor>& input, const char* argument) {
    static constexpr int64_t kNothing[] = {0};
    if (input) return values.output(index, {input->shape.data(), static_cast<size_t>(input->rank)});
    if (values.output(index, kNothing)) {
      refuse(ErrorCode::INVALID_ARGUMENT, argument, "a tensor, because its gradient is asked for", "none");
    }
    return std::nullopt;
  }
};

template <typename Made>
std::unique_ptr<CustomKernel> create(const OrtApi* api, const OrtKernelInfo* info) {
  const OpScope scope(std::is_same_v<Made, ForwardKernel> ? "attention" : "attentionBackward");
  return std::make_unique<Made>(api, read_options(KernelAttributes(api, info)));
}

}  // namespace

const CustomOpSignature kFlashAttention = {"FlashAttention", 10, 3, 2, 1, 1, create<ForwardKernel>};
const CustomOpSignature kFlashAttentionGrad = {"FlashAttentionGrad", 14, 6, 6, 3, 3, create<BackwardKernel>};

bool is_custom_attribute(std::string_view name) {
  return std::find(std::begin(kAttributes), std::end(kAttributes), name) != std::end(kAttributes);
}

std::string custom_attribute_names() {
  std::string names = "one of";
  for (const char* name : kAttributes) names += std::string(" ") + name;
  return names;
}

}  // namespace fa::ort
