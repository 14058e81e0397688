// What Metal's validation says of a dispatch before it is encoded.
#include "metal/compute_encoder.h"
#include "metal/validation.h"

namespace softmetal {
namespace {

struct Checker {
  ComputeEncoder& encoder;
  const char* selector;
  const LoadedKernel& kernel;
  bool valid = true;

  // Names the kernel and, unless null, the argument.
  void refuse(ReportKind kind, const std::string& message, const sm_argument* argument = nullptr) {
    Report report = refusal(kind, "-[MTLComputeCommandEncoder " + std::string(selector) + "]", message);
    report.kernel = kernel.name;
    report.location = kernel.declared;
    if (argument) {
      ArgumentPlace place;
      place.name = argument->name;
      place.table = argument->kind == SM_ARGUMENT_THREADGROUP ? "threadgroup" : "buffer";
      place.index = static_cast<int>(argument->index);
      report.argument = place;
    }
    encoder.buffer->refuse(std::move(report));
    valid = false;
  }

  std::string function() const { return "Compute Function(" + kernel.name + "): "; }
};

std::string at(const sm_argument& argument) {
  return " at index " + std::to_string(argument.index) + " for " + argument.name + "[0].";
}

void check_buffer(Checker& check, const sm_argument& argument) {
  const Binding& binding = check.encoder.bindings[argument.index];
  if (!binding.buffer && !binding.bytes) {
    return check.refuse(ReportKind::kUnboundArgument,
                        check.function() + "missing Buffer binding" + at(argument), &argument);
  }
  uint64_t length = binding.bytes ? binding.bytes->length() : binding.buffer->memory->length();
  if (argument.flags & SM_ARGUMENT_REFERENCE && length - binding.offset < argument.size) {
    std::string index = std::to_string(argument.index);
    check.refuse(ReportKind::kShortBuffer,
                 check.function() + "argument " + argument.name + "[0] from buffer(" + index +
                     ") with offset(" + std::to_string(binding.offset) + ") and length(" +
                     std::to_string(length) + ") has space for " + std::to_string(length - binding.offset) +
                     " bytes, but argument has a length(" + std::to_string(argument.size) + ").",
                 &argument);
  }
  if (binding.bytes && argument.flags & SM_ARGUMENT_WRITABLE) {
    check.refuse(ReportKind::kWriteToConstant,
                 check.function() + "Read-only bytes are being bound at index " +
                     std::to_string(argument.index) +
                     " to a shader argument with write access enabled (did you mean to use const or constant "
                     "in the shader?).",
                 &argument);
  }
}

void check_arguments(Checker& check) {
  for (sm_uint i = 0; i < check.kernel.table->argument_count; ++i) {
    const sm_argument& argument = check.kernel.table->arguments[i];
    if (argument.kind == SM_ARGUMENT_BUFFER) check_buffer(check, argument);
    if (argument.kind == SM_ARGUMENT_THREADGROUP && !check.encoder.threadgroup_lengths[argument.index]) {
      check.refuse(ReportKind::kUnboundArgument,
                   check.function() + "missing threadgroupMemory binding" + at(argument), &argument);
    }
  }
}

void check_threads(Checker& check, const Size& threads) {
  std::string product = "(threadsPerThreadgroup.width(" + std::to_string(threads.width) +
                        ") * threadsPerThreadgroup.height(" + std::to_string(threads.height) +
                        ") * threadsPerThreadgroup.depth(" + std::to_string(threads.depth) + "))(" +
                        std::to_string(threads.count()) + ")";
  const Pipeline& pipeline = *check.encoder.pipeline;
  uint64_t device_most = pipeline.device->profile.max_threads_per_threadgroup;
  uint64_t width = pipeline.device->profile.thread_execution_width;
  bool each_fits =
      threads.width <= device_most && threads.height <= device_most && threads.depth <= device_most;
  if (threads.width == 0 || threads.height == 0 || threads.depth == 0) {
    check.refuse(ReportKind::kThreadCount, product + " must not be 0.");
  } else if (!each_fits || threads.count() > device_most) {
    check.refuse(ReportKind::kThreadCount, product + " must be <= " + std::to_string(device_most) +
                                               ". (device threadgroup size limit)");
  } else if (threads.count() > pipeline.max_threads) {
    check.refuse(ReportKind::kThreadCount, product + " must be <= " + std::to_string(pipeline.max_threads) +
                                               ". (kernel threadgroup size limit)");
  } else if (pipeline.whole_simdgroups && threads.count() % width) {
    check.refuse(ReportKind::kThreadCount,
                 product + " must be a multiple of " + std::to_string(width) +
                     ": the pipeline was made with threadGroupSizeIsMultipleOfThreadExecutionWidth");
  }
}

// Lengths of arguments that the kernel does not have count as well, as they do on a GPU.
void check_threadgroup_memory(Checker& check) {
  uint64_t fixed = check.encoder.pipeline->static_threadgroup_bytes(), total = fixed;
  for (uint64_t length : check.encoder.threadgroup_lengths) total += length;
  uint64_t most = check.encoder.pipeline->device->profile.max_threadgroup_memory_length;
  if (total <= most) return;
  check.refuse(ReportKind::kThreadgroupMemory,
               check.function() + "threadgroup memory (" + std::to_string(fixed) +
                   " bytes of variables and " + std::to_string(total - fixed) + " of arguments, " +
                   std::to_string(total) + " in all) must be <= " + std::to_string(most) + ".");
}

}  // namespace

bool dispatch_is_valid(ComputeEncoder& encoder, const char* selector, const Size& threads) {
  if (!encoder.pipeline) {
    encoder.refuse(ReportKind::kEncoding, selector, "no compute pipeline state is set");
    return false;
  }
  Checker check{encoder, selector, *encoder.pipeline->kernel};
  check_threads(check, threads);
  check_arguments(check);
  check_threadgroup_memory(check);
  return check.valid;
}

}  // namespace softmetal
