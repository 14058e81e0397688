// Memory that host and GPU share, kept between calls. Safe to use from several threads at once.
#pragma once
#include <list>
#include <memory>
#include <mutex>

#include "metal/gpu_device.h"

namespace fa::metal {

/// MTLResourceStorageModeShared, default caching, tracked hazards.
inline constexpr NSUInteger kSharedStorage = 0;

class BufferPool;

/// A buffer of the pool, on loan to one call.
class PooledBuffer {
 public:
  PooledBuffer() = default;
  PooledBuffer(std::shared_ptr<BufferPool> pool, Owned buffer, size_t bytes)
      : pool_(std::move(pool)), buffer_(std::move(buffer)), bytes_(bytes) {}
  PooledBuffer(PooledBuffer&&) noexcept = default;
  PooledBuffer& operator=(PooledBuffer&&) noexcept = default;
  ~PooledBuffer();

  Id get() const { return buffer_.get(); }
  std::byte* contents() const;

 private:
  std::shared_ptr<BufferPool> pool_;
  Owned buffer_;
  size_t bytes_ = 0;
};

class BufferPool : public std::enable_shared_from_this<BufferPool> {
 public:
  explicit BufferPool(const GpuDevice& gpu);

  /// At least that many bytes, with whatever is in them. @throws Error OUT_OF_MEMORY
  PooledBuffer take(size_t bytes);

  const Objc& objc() const { return objc_; }

 private:
  friend class PooledBuffer;
  struct Idle {
    Owned buffer;
    size_t bytes;
  };

  size_t rounded(size_t bytes) const;
  Owned take_idle(size_t bytes);
  Owned make(size_t bytes) const;
  bool free_idle();
  void give_back(Owned buffer, size_t bytes);

  const Objc& objc_;
  const Owned device_;
  const size_t most_bytes_;       ///< of one buffer
  const size_t most_idle_bytes_;  ///< of all buffers that nobody uses
  const bool exact_;
  std::mutex mutex_;
  std::list<Idle> idle_;  ///< the one that was used last is in front
  size_t idle_bytes_ = 0;
};

}  // namespace fa::metal
