#include "metal/call_memory.h"

#include <cstring>

#include "metal/gpu_errors.h"

namespace fa::metal {

namespace {

size_t bytes_of(const Tensor& tensor) { return static_cast<size_t>(span_bytes(tensor).value_or(0)); }

/// A tensor's elements as equally long runs without gaps.
struct Runs {
  size_t bytes = 0;  ///< of a run
  int axes = 0;      ///< outer ones, which tell the runs apart
};

Runs runs_of(const Tensor& tensor) {
  Runs runs{static_cast<size_t>(element_size(tensor.dtype)), tensor.rank};
  int64_t elements = 1;
  while (runs.axes > 0) {
    const int axis = runs.axes - 1;
    if (tensor.shape[axis] != 1 && tensor.strides[axis] != elements) break;
    elements *= tensor.shape[axis];
    --runs.axes;
  }
  runs.bytes *= static_cast<size_t>(elements);
  return runs;
}

/// Calls body(offset in bytes) for every run, once where an axis repeats it.
template <typename Body>
void for_each_run(const Tensor& tensor, int axes, Body body) {
  std::array<int64_t, kMaxRank> at{};
  const int64_t size = element_size(tensor.dtype);
  const auto count = [&](int axis) { return tensor.strides[axis] == 0 ? 1 : tensor.shape[axis]; };
  while (true) {
    int64_t offset = 0;
    for (int axis = 0; axis < axes; ++axis) offset += at[axis] * tensor.strides[axis];
    body(static_cast<size_t>(offset * size));
    int axis = axes - 1;
    while (axis >= 0 && ++at[axis] == count(axis)) at[axis--] = 0;
    if (axis < 0) return;
  }
}

/// Copies a tensor's elements to where they lie in memory of the same layout. What is between them is neither
/// read nor written: it may be anybody's.
void copy_elements(const Tensor& layout, const std::byte* from, std::byte* to) {
  if (bytes_of(layout) == 0) return;
  const Runs runs = runs_of(layout);
  for_each_run(layout, runs.axes,
               [&](size_t offset) { std::memcpy(to + offset, from + offset, runs.bytes); });
}

}  // namespace

CallMemory::CallMemory(const GpuDevice& gpu, BufferPool& pool, const Work& work) {
  regions_.reserve(work.memory.size());
  for (const MemoryUse& use : work.memory) regions_.push_back(make_region(gpu, pool, use));
}

CallMemory::Region CallMemory::make_region(const GpuDevice& gpu, BufferPool& pool, const MemoryUse& use) {
  Region region;
  if (use.kind == MemoryKind::scratch) {
    region.pooled = pool.take(use.bytes);
    return region;
  }
  if (use.kind == MemoryKind::table) {
    region.pooled = pool.take(use.table.size());
    if (!use.table.empty()) std::memcpy(region.pooled.contents(), use.table.data(), use.table.size());
    return region;
  }
  const size_t bytes = bytes_of(use.tensor);
  if (wrap(gpu, use.tensor, bytes, region)) return region;
  region.pooled = pool.take(bytes);
  if (use.kind == MemoryKind::input) copy_elements(use.tensor, use.tensor.data, region.pooled.contents());
  return region;
}

bool CallMemory::wrap(const GpuDevice& gpu, const Tensor& tensor, size_t bytes, Region& region) {
  if (bytes == 0) return false;
  region.pages = pages_around(tensor.data, bytes);
  if (!region.pages) return false;
  const size_t begin = static_cast<size_t>(tensor.data - region.pages->data());
  const size_t first = begin / kGpuPageBytes * kGpuPageBytes;
  const size_t end = (begin + bytes + kGpuPageBytes - 1) / kGpuPageBytes * kGpuPageBytes;
  // Two buffers may cover one page: what one call writes overlaps nothing else of it.
  region.wrapped = gpu.objc.adopt(
      gpu.objc.send<Id>(gpu.device.get(), "newBufferWithBytesNoCopy:length:options:deallocator:",
                        static_cast<void*>(region.pages->data() + first), NSUInteger{end - first},
                        kSharedStorage, static_cast<const void*>(nullptr)));
  if (!region.wrapped) {
    raise_gpu(ErrorCode::OUT_OF_MEMORY, "to map " + std::to_string(end - first) + " bytes", "no buffer");
  }
  region.offset = begin - first;
  return true;
}

CallMemory::Place CallMemory::place(Memory memory) const {
  const Region& region = regions_[static_cast<size_t>(memory.index)];
  if (region.wrapped) return {region.wrapped.get(), region.offset};
  return {region.pooled.get(), 0};
}

void CallMemory::copy_out(const Work& work) const {
  for (size_t index = 0; index < regions_.size(); ++index) {
    const MemoryUse& use = work.memory[index];
    if (use.kind != MemoryKind::output || regions_[index].wrapped) continue;
    copy_elements(use.tensor, regions_[index].pooled.contents(), use.tensor.data);
  }
}

}  // namespace fa::metal
