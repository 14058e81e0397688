// Compiled kernels, each made once. Safe to use from several threads at once.
#pragma once
#include <string>
#include <utility>

#include "metal/gpu_device.h"
#include "metal/once_map.h"
#include "metal/work.h"

namespace fa::metal {

class Pipelines {
 public:
  Pipelines(const GpuDevice& gpu, KernelText text) : gpu_(gpu), text_(text) {}

  /// An MTLComputePipelineState, which lives as long as this does. Compiled at first use; threads that ask
  /// for the same one meanwhile wait for it, and a failure is forgotten, so that the next call tries again.
  /// @throws Error COMPILE_FAILED with the compiler's words
  Id get(const MetalVariant& variant, const FunctionConstants& constants);

 private:
  using Key = std::pair<std::string, FunctionConstants>;

  Id library(const MetalVariant& variant);
  Owned make_library(const MetalVariant& variant) const;
  Owned make_function(const MetalVariant& variant, const FunctionConstants& constants);
  Owned make_pipeline(const MetalVariant& variant, const FunctionConstants& constants);
  void check(const MetalVariant& variant, Id pipeline) const;

  const GpuDevice& gpu_;
  const KernelText text_;
  OnceMap<std::string, Owned> libraries_;
  OnceMap<Key, Owned> pipelines_;
};

}  // namespace fa::metal
