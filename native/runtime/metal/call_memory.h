// The memory of one Work as the GPU sees it: tensors in pages of ours in place, all others in buffers of the
// pool.
#pragma once
#include <memory>
#include <vector>

#include "metal/buffers.h"
#include "metal/work.h"
#include "pages.h"

namespace fa::metal {

class CallMemory {
 public:
  struct Place {
    Id buffer;
    size_t offset;  ///< bytes
  };

  /// Copies inputs in. @throws Error OUT_OF_MEMORY
  CallMemory(const GpuDevice& gpu, BufferPool& pool, const Work& work);

  Place place(Memory memory) const;

  /// Copies results out; what lies between the rows of a tensor with gaps stays as it was.
  void copy_out(const Work& work) const;

 private:
  /// One of the two: a buffer of the pool, or pages in place.
  struct Region {
    PooledBuffer pooled;
    std::shared_ptr<const Pages> pages;  ///< kept while the GPU may touch them, whatever their owner does
    Owned wrapped;
    size_t offset = 0;
  };

  static Region make_region(const GpuDevice& gpu, BufferPool& pool, const MemoryUse& use);
  static bool wrap(const GpuDevice& gpu, const Tensor& tensor, size_t bytes, Region& region);

  std::vector<Region> regions_;
};

}  // namespace fa::metal
