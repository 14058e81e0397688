#include "metal/gpu.h"

#include "error.h"
#include "metal/commands.h"
#include "metal/gpu_settings.h"
#include "metal/kernel_text.h"
#include "metal/pipelines.h"
#include "own_library.h"

namespace fa::metal {

namespace {

class MetalGpu final : public Gpu {
 public:
  MetalGpu(const DeviceConfig& config, KernelText text)
      : gpu_(open_gpu_device(config)),
        pipelines_(gpu_, text),
        pool_(std::make_shared<BufferPool>(gpu_)),
        commands_(gpu_, timeout_setting()) {
    // Metal's threads may still be in a completion handler when the last caller has its result.
    pin_own_library();
  }

  const Capabilities& capabilities() const override { return gpu_.capabilities; }

  void run(const Work& work) override {
    const std::vector<Batch> batches = cut_into_batches(work, kMultiplyAddsPerCommandBuffer);
    if (batches.empty()) return;
    const AutoreleasePool autoreleased(gpu_.objc);
    const std::vector<Id> pipelines = pipelines_of(work);
    const auto memory = std::make_shared<const CallMemory>(gpu_, *pool_, work);
    commands_.run({work, pipelines, memory}, batches);
    memory->copy_out(work);
  }

  void warm_up(const Work& work) override {
    const AutoreleasePool autoreleased(gpu_.objc);
    pipelines_of(work);
  }

 private:
  std::vector<Id> pipelines_of(const Work& work) {
    std::vector<Id> pipelines;
    pipelines.reserve(work.dispatches.size());
    for (const Dispatch& dispatch : work.dispatches) {
      pipelines.push_back(pipelines_.get(*dispatch.variant, dispatch.constants));
    }
    return pipelines;
  }

  const GpuDevice gpu_;
  Pipelines pipelines_;
  const std::shared_ptr<BufferPool> pool_;
  const Commands commands_;
};

}  // namespace

std::unique_ptr<Gpu> open_gpu(const DeviceConfig& config, KernelText text) {
  return std::make_unique<MetalGpu>(config, text);
}

std::string gpu_unavailable(const DeviceConfig& config) {
  try {
    open_gpu_device(config);
    return "";
  } catch (const Error& error) {
    return error.what();
  }
}

}  // namespace fa::metal
