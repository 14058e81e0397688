// MTLDevice: libraries from source and compute pipelines.
#include <algorithm>

#include "metal/compile_options.h"
#include "metal/faults.h"
#include "metal/pipeline.h"
#include "metal/types.h"
#include "metal/validation.h"
#include "objc/block.h"
#include "objc/foundation.h"
#include "settings/settings.h"

namespace softmetal {
namespace {

constexpr char kClass[] = "MTLDevice";
constexpr int64_t kDriverError = 3;

ShaderLibrary* new_library(Device* device, const std::string& source, const LibraryOptions& options,
                           Object** error) {
  if (fault_strikes(InjectedFault::kCompile)) {
    set_error(error, kLibraryDomain, kLibraryCompileFailure,
              "Compilation failed: \n\nprogram_source:1:1: error: injected fault");
    return nullptr;
  }
  if (static_cast<uint64_t>(options.language_version) > device->profile.max_language_version) {
    set_error(error, kLibraryDomain, kLibraryUnsupported,
              "Compilation failed: \n\nerror: this device does not know language version " +
                  std::to_string(options.language_version >> 16) + "." +
                  std::to_string(options.language_version & 0xffff));
    return nullptr;
  }
  LibraryResult result = compile_library(source, options);
  if (!result.library) {
    set_error(error, kLibraryDomain, kLibraryCompileFailure, compilation_failed(result.diagnostics));
    return nullptr;
  }
  return new ShaderLibrary(device, std::move(result.library));
}

LibraryOptions library_options(Object* object, const char* selector) {
  auto* options = checked<CompileOptions>(object, selector);
  LibraryOptions result = options ? options->library_options() : LibraryOptions();
  result.include_folders = current_settings().include;
  return result;
}

Object* library_with_source(Device* device, Selector, Object* source, Object* options, Object** error) {
  const char* selector = "newLibraryWithSource:options:error:";
  if (!checked<String>(source, selector)) {
    set_error(error, kLibraryDomain, kLibraryUnsupported, "source must not be nil.");
    return nullptr;
  }
  return new_library(device, std::string(text_of(source)), library_options(options, selector), error);
}

void library_later(Device* device, Selector, Object* source, Object* options, const void* handler) {
  const char* selector = "newLibraryWithSource:options:completionHandler:";
  BlockLiteral* block = copy_block(handler, "v@?@@", selector);
  if (!block) return;
  device->compiler.post([device = Ref(device), source = std::string(text_of(source)),
                         options = library_options(options, selector), block] {
    Object* error = nullptr;
    auto library = Ref<ShaderLibrary>::adopt(new_library(device.get(), source, options, &error));
    invoke_block(block, static_cast<Object*>(library.get()), error);
    release_block(block);
  });
}

// Compiled libraries hold code for Apple's GPUs, which nothing here can run.
Object* library_from_binary(Device*, Selector, Object*, Object** error) {
  set_error(error, kLibraryDomain, kLibraryUnsupported,
            "the software Metal device compiles from source: a compiled library (.metallib) cannot be used");
  return nullptr;
}

Object* no_default_library(Device*, Selector) { return nullptr; }

// Why no pipeline can be made of it; empty when one can.
std::string pipeline_refusal(const Device& device, const PipelineDescriptor& descriptor,
                             const LoadedKernel& kernel) {
  uint64_t bytes = kernel.table->static_threadgroup_bytes();
  uint64_t most = device.profile.max_threadgroup_memory_length;
  if (bytes > most) {
    return "Threadgroup memory size (" + std::to_string(bytes) +
           ") exceeds the maximum threadgroup memory allowed (" + std::to_string(most) + ")";
  }
  if (descriptor.max_threads > device.profile.max_threads_per_threadgroup) {
    return "maxTotalThreadsPerThreadgroup (" + std::to_string(descriptor.max_threads) +
           ") must be <= " + std::to_string(device.profile.max_threads_per_threadgroup);
  }
  return "";
}

// A pipeline that the device refuses is a finding of the checks, too: it has a place in the shader.
void report_pipeline(const ShaderFunction& function, const std::string& reason) {
  Report report = refusal(ReportKind::kThreadgroupMemory, "newComputePipelineState", reason);
  report.kernel = function.entry.host_name;
  const Program& program = function.library->library->program;
  if (function.entry.kernel >= 0) {
    const Kernel& kernel = program.kernels[function.entry.kernel];
    report.location = {kernel.file, kernel.line, 0, kernel.name};
  }
  ReportLog::shared().add(std::move(report));
}

Pipeline* new_pipeline(Device* device, const PipelineDescriptor& descriptor, Object** error) {
  const char* driver = device->profile.driver_error_domain;
  ShaderFunction* function = descriptor.function.get();
  if (!function) {
    report_refusal(ReportKind::kEncoding, "-[MTLDevice newComputePipelineState...]",
                   "computeFunction must not be nil.");
    set_error(error, driver, kDriverError, "computeFunction must not be nil.");
    return nullptr;
  }
  if (fault_strikes(InjectedFault::kPipeline)) {
    set_error(error, driver, kDriverError, "Compiler encountered an internal error (injected fault)");
    return nullptr;
  }
  FunctionResult result = function->compiled(current_build_mode());
  if (!result.kernel) {
    set_error(error, driver, kDriverError, compilation_failed(result.diagnostics));
    return nullptr;
  }
  std::string reason = pipeline_refusal(*device, descriptor, *result.kernel);
  if (!reason.empty()) {
    report_pipeline(*function, reason);
    set_error(error, driver, kDriverError, reason);
    return nullptr;
  }
  auto* pipeline = new Pipeline(device, std::move(result.kernel));
  if (descriptor.max_threads) pipeline->max_threads = std::min(pipeline->max_threads, descriptor.max_threads);
  pipeline->whole_simdgroups = descriptor.whole_simdgroups;
  pipeline->support_indirect_command_buffers = descriptor.support_indirect_command_buffers;
  pipeline->label = descriptor.label;
  return pipeline;
}

// A descriptor of the client may change while a pipeline is made elsewhere.
Ref<PipelineDescriptor> copy_of(const PipelineDescriptor* descriptor) {
  auto copy = Ref<PipelineDescriptor>::adopt(new PipelineDescriptor);
  if (!descriptor) return copy;
  copy->function = descriptor->function;
  copy->max_threads = descriptor->max_threads;
  copy->whole_simdgroups = descriptor->whole_simdgroups;
  copy->support_indirect_command_buffers = descriptor->support_indirect_command_buffers;
  copy->label = descriptor->label;
  return copy;
}

Ref<PipelineDescriptor> descriptor_for(Object* function, const char* selector) {
  auto descriptor = Ref<PipelineDescriptor>::adopt(new PipelineDescriptor);
  descriptor->function = checked<ShaderFunction>(function, selector);
  return descriptor;
}

Object* new_pipeline_reflected(Device* device, const PipelineDescriptor& descriptor, uint64_t options,
                               Object** reflection, Object** error) {
  Pipeline* pipeline = new_pipeline(device, descriptor, error);
  if (reflection) *reflection = pipeline && options ? reflection_of(*pipeline->kernel) : nullptr;
  return pipeline;
}

// `wanted` tells the handlers with reflection from those without.
void pipeline_later(Device* device, Ref<PipelineDescriptor> descriptor, const void* handler, bool reflected,
                    const char* selector) {
  BlockLiteral* block = copy_block(handler, reflected ? "v@?@@@" : "v@?@@", selector);
  if (!block) return;
  device->compiler.post([device = Ref(device), descriptor = std::move(descriptor), block, reflected] {
    Object* error = nullptr;
    auto pipeline = Ref<Pipeline>::adopt(new_pipeline(device.get(), *descriptor, &error));
    Object* object = pipeline.get();
    if (reflected) {
      invoke_block(block, object, pipeline ? reflection_of(*pipeline->kernel) : nullptr, error);
    } else {
      invoke_block(block, object, error);
    }
    release_block(block);
  });
}

Object* pipeline_with_function(Device* device, Selector, Object* function, Object** error) {
  auto descriptor = descriptor_for(function, "newComputePipelineStateWithFunction:error:");
  return new_pipeline(device, *descriptor, error);
}

Object* pipeline_with_function_reflected(Device* device, Selector, Object* function, uint64_t options,
                                         Object** reflection, Object** error) {
  auto descriptor = descriptor_for(function, "newComputePipelineStateWithFunction:options:reflection:error:");
  return new_pipeline_reflected(device, *descriptor, options, reflection, error);
}

Object* pipeline_with_descriptor(Device* device, Selector, Object* object, uint64_t options,
                                 Object** reflection, Object** error) {
  auto descriptor = copy_of(checked<PipelineDescriptor>(object, "newComputePipelineStateWithDescriptor:"));
  return new_pipeline_reflected(device, *descriptor, options, reflection, error);
}

void function_later(Device* device, Selector, Object* function, const void* handler) {
  const char* selector = "newComputePipelineStateWithFunction:completionHandler:";
  pipeline_later(device, descriptor_for(function, selector), handler, false, selector);
}
void function_reflected_later(Device* device, Selector, Object* function, uint64_t, const void* handler) {
  const char* selector = "newComputePipelineStateWithFunction:options:completionHandler:";
  pipeline_later(device, descriptor_for(function, selector), handler, true, selector);
}
void descriptor_later(Device* device, Selector, Object* object, uint64_t, const void* handler) {
  const char* selector = "newComputePipelineStateWithDescriptor:options:completionHandler:";
  pipeline_later(device, copy_of(checked<PipelineDescriptor>(object, selector)), handler, true, selector);
}

}  // namespace

void register_device_shaders() {
  add_method(kClass, "newLibraryWithSource:options:error:", library_with_source);
  add_method(kClass, "newLibraryWithSource:options:completionHandler:", library_later);
  for (const char* selector : {"newLibraryWithURL:error:", "newLibraryWithFile:error:",
                               "newLibraryWithData:error:", "newDefaultLibraryWithBundle:error:"}) {
    add_method(kClass, selector, library_from_binary);
  }
  add_method(kClass, "newDefaultLibrary", no_default_library);
  add_method(kClass, "newComputePipelineStateWithFunction:error:", pipeline_with_function);
  add_method(kClass, "newComputePipelineStateWithFunction:options:reflection:error:",
             pipeline_with_function_reflected);
  add_method(kClass,
             "newComputePipelineStateWithDescriptor:options:reflection:error:", pipeline_with_descriptor);
  add_method(kClass, "newComputePipelineStateWithFunction:completionHandler:", function_later);
  add_method(kClass,
             "newComputePipelineStateWithFunction:options:completionHandler:", function_reflected_later);
  add_method(kClass, "newComputePipelineStateWithDescriptor:options:completionHandler:", descriptor_later);
}

}  // namespace softmetal
