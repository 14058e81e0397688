#include "metal/pipeline.h"

#include <algorithm>

#include "metal/property.h"
#include "metal/types.h"

namespace softmetal {
namespace {

constexpr char kClass[] = "MTLComputePipelineState";
constexpr char kDescriptor[] = "MTLComputePipelineDescriptor";

void reset(PipelineDescriptor* self, Selector) {
  self->function = {};
  self->max_threads = 0;
  self->whole_simdgroups = self->support_indirect_command_buffers = false;
  self->label.clear();
}

void register_descriptor() {
  allocate_with<PipelineDescriptor>(kDescriptor);
  add_property<&PipelineDescriptor::function>(kDescriptor, "computeFunction", "setComputeFunction:");
  add_property<&PipelineDescriptor::max_threads>(kDescriptor, "maxTotalThreadsPerThreadgroup",
                                                 "setMaxTotalThreadsPerThreadgroup:");
  add_property<&PipelineDescriptor::whole_simdgroups>(kDescriptor,
                                                      "threadGroupSizeIsMultipleOfThreadExecutionWidth",
                                                      "setThreadGroupSizeIsMultipleOfThreadExecutionWidth:");
  add_property<&PipelineDescriptor::support_indirect_command_buffers>(
      kDescriptor, "supportIndirectCommandBuffers", "setSupportIndirectCommandBuffers:");
  add_property<&PipelineDescriptor::label>(kDescriptor, "label", "setLabel:");
  add_method(kDescriptor, "reset", reset);
}

}  // namespace

PipelineDescriptor::PipelineDescriptor() : Object(class_named(kDescriptor)) {}

Pipeline::Pipeline(Device* device, std::shared_ptr<const LoadedKernel> kernel)
    : Object(class_named(kClass)), device(device), kernel(std::move(kernel)) {
  max_threads = device->profile.max_threads_per_threadgroup;
  if (this->kernel->max_threads > 0) {
    max_threads = std::min<uint64_t>(max_threads, this->kernel->max_threads);
  }
}

uint64_t Pipeline::static_threadgroup_bytes() const { return kernel->table->static_threadgroup_bytes(); }

void register_pipeline() {
  register_descriptor();
  add_getter<&Pipeline::max_threads>(kClass, "maxTotalThreadsPerThreadgroup");
  add_method(
      kClass, "threadExecutionWidth",
      +[](Pipeline* pipeline, Selector) { return pipeline->device->profile.thread_execution_width; });
  add_method(
      kClass, "staticThreadgroupMemoryLength",
      +[](Pipeline* pipeline, Selector) { return pipeline->static_threadgroup_bytes(); });
  add_getter<&Pipeline::support_indirect_command_buffers>(kClass, "supportIndirectCommandBuffers");
  add_getter<&Pipeline::device>(kClass, "device");
  add_getter<&Pipeline::label>(kClass, "label");
}

}  // namespace softmetal
