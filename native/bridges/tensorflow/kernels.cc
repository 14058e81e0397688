#include "kernels.h"

#include <memory>
#include <new>

#include "attributes.h"
#include "bridges/process_device.h"
#include "failures.h"
#include "loader.h"
#include "registration.h"
#include "runtime/device.h"
#include "runtime/error.h"

namespace fa::tensorflow {
namespace {

struct StatusDeleter {
  void operator()(TF_Status* status) const { c_api().TF_DeleteStatus(status); }
};
using StatusPtr = std::unique_ptr<TF_Status, StatusDeleter>;
StatusPtr new_status() { return StatusPtr(c_api().TF_NewStatus()); }

struct TensorDeleter {
  void operator()(TF_Tensor* tensor) const { c_api().TF_DeleteTensor(tensor); }
};
using TensorPtr = std::unique_ptr<TF_Tensor, TensorDeleter>;

void check(const StatusPtr& status, const char* what) {
  if (c_api().TF_GetCode(status.get()) == TF_OK) return;
  throw Error(ErrorCode::INTERNAL, "", std::string(what) + ": " + c_api().TF_Message(status.get()));
}

/// What an op does, made once per combination of attributes.
struct Kernel {
  std::shared_ptr<Device> device;
  std::vector<Slot> slots;
  std::vector<GradientSlot> wanted;  ///< of the backward op
  AttentionOptions options;
};

/// Runs `body`; what it throws is reported through `fail`. Nothing may leave a callback of C code.
template <typename Body, typename Fail>
void guarded(Body body, Fail fail) noexcept {
  const auto report = [&](const Error& error) {
    const StatusPtr status = new_status();
    c_api().TF_SetStatus(status.get(), status_code(error.code()), keep_failure(error).c_str());
    fail(status.get());
  };
  try {
    body();
  } catch (const Error& error) {
    report(error);
  } catch (const std::bad_alloc&) {
    report(Error(ErrorCode::OUT_OF_MEMORY, "", "memory could not be had"));
  } catch (const std::exception& error) {
    report(Error(ErrorCode::INTERNAL, "", error.what()));
  } catch (...) {
    report(Error(ErrorCode::INTERNAL, "", "an exception of unknown type"));
  }
}

std::string read_text_attribute(TF_OpKernelConstruction* construction, const char* name) {
  const StatusPtr status = new_status();
  int32_t list_size = 0;
  int32_t size = 0;
  c_api().TF_OpKernelConstruction_GetAttrSize(construction, name, &list_size, &size, status.get());
  check(status, name);
  std::string text(static_cast<size_t>(size), '\0');
  c_api().TF_OpKernelConstruction_GetAttrString(construction, name, text.data(), text.size(), status.get());
  check(status, name);
  return text;
}

int64_t read_integer_attribute(TF_OpKernelConstruction* construction, const char* name) {
  const StatusPtr status = new_status();
  int64_t value = 0;
  c_api().TF_OpKernelConstruction_GetAttrInt64(construction, name, &value, status.get());
  check(status, name);
  return value;
}

DType element_type(const TF_Tensor* tensor, const char* argument) {
  switch (const TF_DataType type = c_api().TF_TensorType(tensor)) {
    case TF_FLOAT:
      return DType::float32;
    case TF_INT32:
      return DType::int32;
    case TF_BOOL:
      return DType::boolean;
    default:
      refuse(ErrorCode::DTYPE_MISMATCH, argument, "'float32', 'int32' or 'bool'",
             "TensorFlow's type " + std::to_string(type));
  }
}

Tensor describe_tensor(const TF_Tensor* host, const char* argument) {
  Tensor tensor;
  tensor.dtype = element_type(host, argument);
  tensor.rank = c_api().TF_NumDims(host);
  if (tensor.rank > kMaxRank) {
    refuse(ErrorCode::SHAPE_MISMATCH, argument, "a tensor of rank " + std::to_string(kMaxRank) + " at most",
           "rank " + std::to_string(tensor.rank));
  }
  for (int i = 0; i < tensor.rank; ++i) tensor.shape[i] = c_api().TF_Dim(host, i);
  pack_strides(tensor);
  tensor.data = static_cast<std::byte*>(c_api().TF_TensorData(host));
  tensor.bytes = c_api().TF_TensorByteSize(host);
  return tensor;
}

/// The tensors of one compute call, held until it ends.
class Tensors {
 public:
  explicit Tensors(TF_OpKernelContext* context) : context_(context) {}

  CallTensors read_inputs(const std::vector<Slot>& slots) {
    const int count = c_api().TF_NumInputs(context_);
    if (static_cast<size_t>(count) != slots.size()) {
      refuse(ErrorCode::INVALID_ARGUMENT, "inputs", std::to_string(slots.size()) + " tensors",
             std::to_string(count));
    }
    CallTensors tensors;
    for (int i = 0; i < count; ++i) {
      const StatusPtr status = new_status();
      TF_Tensor* host = nullptr;
      c_api().TF_GetInput(context_, i, &host, status.get());
      check(status, slots[i].name);
      held_.emplace_back(host);
      slots[i].place(tensors) = describe_tensor(host, slots[i].name);
    }
    return tensors;
  }

  Tensor allocate_output(int index, std::span<const int64_t> shape) {
    int64_t bytes = sizeof(float);
    for (const int64_t size : shape) bytes *= size;
    const StatusPtr status = new_status();
    TF_Tensor* host =
        c_api().TF_AllocateOutput(context_, index, TF_FLOAT, shape.data(), static_cast<int>(shape.size()),
                                  static_cast<size_t>(bytes), status.get());
    held_.emplace_back(host);
    if (c_api().TF_GetCode(status.get()) != TF_OK) {
      throw Error(ErrorCode::OUT_OF_MEMORY, "",
                  std::to_string(bytes) + " bytes for an output: " + c_api().TF_Message(status.get()));
    }
    return describe_tensor(host, "out");
  }

 private:
  TF_OpKernelContext* context_;
  std::vector<TensorPtr> held_;
};

/// Shapes of the outputs. Refuses what the device would refuse, before room is made for anything.
OutputShapes planned_shapes(Device& device, const AttentionInputs& inputs, const AttentionOptions& options,
                            Direction direction) {
  const auto plan = device.plan(inputs, options, direction);
  if (const auto* refusal = std::get_if<Refusal>(&plan)) raise(*refusal);
  return output_shapes(describe(inputs, options, direction));
}

void run_forward(const Kernel& kernel, TF_OpKernelContext* context) {
  const OpScope scope("attention");
  Tensors tensors(context);
  const CallTensors inputs = tensors.read_inputs(kernel.slots);
  ForwardCall call;
  call.inputs = inputs.inputs;
  call.options = kernel.options;
  read_scalars(inputs, call.options);

  const OutputShapes shapes = planned_shapes(*kernel.device, call.inputs, call.options, Direction::forward);
  call.out = tensors.allocate_output(0, host_shape(shapes.out, call.inputs));
  const auto lse = host_shape(shapes.lse, call.inputs);
  call.lse = tensors.allocate_output(1, lse);
  std::vector<int64_t> stats{2};
  stats.insert(stats.end(), lse.begin(), lse.end());
  call.softmax_stats = tensors.allocate_output(2, stats);
  kernel.device->forward(call);
}

void run_backward(const Kernel& kernel, TF_OpKernelContext* context) {
  const OpScope scope("attentionBackward");
  Tensors tensors(context);
  const CallTensors inputs = tensors.read_inputs(kernel.slots);
  BackwardCall call;
  call.inputs = inputs.inputs;
  call.options = kernel.options;
  read_scalars(inputs, call.options);
  call.out = inputs.out;
  call.lse = inputs.lse;
  call.d_out = inputs.d_out;
  call.d_lse = inputs.d_lse;
  if (inputs.softmax_stats && inputs.softmax_stats->bytes > 0) call.softmax_stats = inputs.softmax_stats;

  const OutputShapes shapes = planned_shapes(*kernel.device, call.inputs, call.options, Direction::backward);
  call.dq = tensors.allocate_output(0, host_shape(shapes.dq, call.inputs));
  call.dk = tensors.allocate_output(1, host_shape(shapes.dk, call.inputs));
  call.dv = tensors.allocate_output(2, host_shape(shapes.dv, call.inputs));
  int index = 3;
  for (const GradientSlot& wanted : kernel.wanted) {
    const std::optional<Tensor>& input = call.inputs.*wanted.input;
    if (!input)
      refuse(ErrorCode::INVALID_ARGUMENT, wanted.name, "a tensor, because its gradient is wanted", "none");
    const std::span shape(input->shape.data(), static_cast<size_t>(input->rank));
    call.*wanted.gradient = tensors.allocate_output(index++, shape);
  }
  kernel.device->backward(call);
}

Kernel* create(TF_OpKernelConstruction* construction, bool backward) {
  std::unique_ptr<Kernel> made;
  guarded(
      [&] {
        const OpScope scope(backward ? "attentionBackward" : "attention");
        auto kernel = std::make_unique<Kernel>();
        kernel->device = device_at(read_integer_attribute(construction, "device"));
        kernel->slots = parse_slots(read_text_attribute(construction, "inputs"));
        kernel->options = parse_options(read_text_attribute(construction, "options"));
        if (backward) kernel->wanted = parse_gradients(read_text_attribute(construction, "wanted"));
        made = std::move(kernel);
      },
      [&](TF_Status* status) { c_api().TF_OpKernelConstruction_Failure(construction, status); });
  return made.release();
}

}  // namespace

void* create_forward(TF_OpKernelConstruction* construction) { return create(construction, false); }
void* create_backward(TF_OpKernelConstruction* construction) { return create(construction, true); }

void delete_kernel(void* kernel) { delete static_cast<Kernel*>(kernel); }

void compute_forward(void* kernel, TF_OpKernelContext* context) {
  guarded([&] { run_forward(*static_cast<Kernel*>(kernel), context); },
          [&](TF_Status* status) { c_api().TF_OpKernelContext_Failure(context, status); });
}

void compute_backward(void* kernel, TF_OpKernelContext* context) {
  guarded([&] { run_backward(*static_cast<Kernel*>(kernel), context); },
          [&](TF_Status* status) { c_api().TF_OpKernelContext_Failure(context, status); });
}

}  // namespace fa::tensorflow
