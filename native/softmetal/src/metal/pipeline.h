// MTLComputePipelineState and its descriptor.
#pragma once

#include <memory>
#include <string>

#include "compile/compiler.h"
#include "metal/shader_library.h"

namespace softmetal {

struct PipelineDescriptor : Object {
  PipelineDescriptor();
  Ref<ShaderFunction> function;
  uint64_t max_threads = 0;  // 0: not set
  bool whole_simdgroups = false;
  bool support_indirect_command_buffers = false;
  std::string label;
};

struct Pipeline : Object {
  Pipeline(Device* device, std::shared_ptr<const LoadedKernel> kernel);
  uint64_t static_threadgroup_bytes() const;

  Ref<Device> device;
  std::shared_ptr<const LoadedKernel> kernel;
  uint64_t max_threads;
  bool whole_simdgroups = false;
  bool support_indirect_command_buffers = false;
  std::string label;
};

// MTLComputePipelineReflection of a kernel, autoreleased.
Object* reflection_of(const LoadedKernel& kernel);

void register_pipeline();
void register_reflection();

}  // namespace softmetal
