// Command buffers: encoding, committing, waiting.
#pragma once
#include <chrono>
#include <memory>
#include <semaphore>
#include <vector>

#include "metal/batches.h"
#include "metal/call_memory.h"
#include "metal/gpu_device.h"

namespace fa::metal {

/// An MTLCommandQueue.
class Commands {
 public:
  Commands(const GpuDevice& gpu, std::chrono::milliseconds timeout);

  /// One call with all that the GPU needs for it. The memory is kept until the GPU is done with it, also when
  /// the host has stopped waiting.
  struct Call {
    const Work& work;
    const std::vector<Id>& pipelines;  ///< of each dispatch
    std::shared_ptr<const CallMemory> memory;
  };

  /// Returns when the GPU has finished. @throws Error TIMEOUT, OUT_OF_MEMORY, DEVICE_LOST, INTERNAL
  void run(const Call& call, const std::vector<Batch>& batches) const;

 private:
  class Completion;
  class Place;
  struct Handler;

  std::shared_ptr<const Place> take_place() const;
  std::shared_ptr<Completion> start(const Call& call, const Batch& batch,
                                    std::shared_ptr<const Place> place) const;
  void encode(const Call& call, const Batch& batch, Id encoder) const;
  void bind(const Call& call, const Slice& slice, Id encoder) const;
  void wait(Completion& completion) const;

  const GpuDevice& gpu_;
  const Owned queue_;
  const std::chrono::milliseconds timeout_;
  const std::shared_ptr<std::counting_semaphore<>> free_places_;
};

}  // namespace fa::metal
