#include "metal/buffers.h"

#include <algorithm>
#include <bit>
#include <iterator>

#include "metal/gpu_errors.h"
#include "pages.h"

namespace fa::metal {

namespace {

/// Idle buffers may hold a sixteenth of what the GPU can use at once: half a gigabyte on a Mac with 8.
constexpr int64_t kIdleShare = 16;

/// The software device refuses buffers without bytes.
constexpr size_t kSmallestBuffer = 16;

/// Sizes of buffers come in steps of at most an eighth, so that neighbours in size can share.
constexpr size_t kStepsPerDoubling = 8;

}  // namespace

PooledBuffer::~PooledBuffer() {
  if (buffer_) pool_->give_back(std::move(buffer_), bytes_);
}

std::byte* PooledBuffer::contents() const {
  return static_cast<std::byte*>(pool_->objc().send<void*>(buffer_.get(), "contents"));
}

BufferPool::BufferPool(const GpuDevice& gpu)
    : objc_(gpu.objc),
      device_(gpu.objc.retain(gpu.device.get())),
      most_bytes_(static_cast<size_t>(gpu.capabilities.max_buffer_bytes)),
      most_idle_bytes_(static_cast<size_t>(gpu.capabilities.working_set_bytes / kIdleShare)),
      exact_(gpu.capabilities.software) {}

PooledBuffer BufferPool::take(size_t bytes) {
  const size_t size = rounded(bytes);
  if (size > most_bytes_) {
    raise_gpu(ErrorCode::OUT_OF_MEMORY, "at most " + std::to_string(most_bytes_) + " bytes in one buffer",
              std::to_string(bytes));
  }
  Owned buffer = take_idle(size);
  if (!buffer) buffer = make(size);
  if (!buffer && free_idle()) buffer = make(size);
  if (!buffer) {
    raise_gpu(ErrorCode::OUT_OF_MEMORY, "room for a buffer of " + std::to_string(size) + " bytes", "none");
  }
  return {shared_from_this(), std::move(buffer), size};
}

size_t BufferPool::rounded(size_t bytes) const {
  // Exact on the software device, whose checks find what is read behind a tensor.
  if (exact_) return std::max(bytes, kSmallestBuffer);
  const size_t step = std::max(kGpuPageBytes, std::bit_floor(bytes) / kStepsPerDoubling);
  return std::max<size_t>(1, (bytes + step - 1) / step) * step;
}

Owned BufferPool::take_idle(size_t bytes) {
  const std::lock_guard lock(mutex_);
  const auto found =
      std::find_if(idle_.begin(), idle_.end(), [&](const Idle& idle) { return idle.bytes == bytes; });
  if (found == idle_.end()) return {};
  Owned buffer = std::move(found->buffer);
  idle_bytes_ -= bytes;
  idle_.erase(found);
  return buffer;
}

Owned BufferPool::make(size_t bytes) const {
  return objc_.adopt(
      objc_.send<Id>(device_.get(), "newBufferWithLength:options:", NSUInteger{bytes}, kSharedStorage));
}

/// False when there was nothing to free.
bool BufferPool::free_idle() {
  std::list<Idle> freed;
  const std::lock_guard lock(mutex_);
  freed.swap(idle_);
  idle_bytes_ = 0;
  return !freed.empty();
}

void BufferPool::give_back(Owned buffer, size_t bytes) {
  std::list<Idle> freed;  // outlives the lock: to free memory takes time
  const std::lock_guard lock(mutex_);
  idle_.push_front({std::move(buffer), bytes});
  idle_bytes_ += bytes;
  while (idle_bytes_ > most_idle_bytes_) {
    idle_bytes_ -= idle_.back().bytes;
    freed.splice(freed.end(), idle_, std::prev(idle_.end()));
  }
}

}  // namespace fa::metal
