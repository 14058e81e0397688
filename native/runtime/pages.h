// Memory in whole pages, which a GPU can use in place. What is given out here is known by its addresses, so
// that a call can tell it from memory that only happens to begin at a page.
#pragma once
#include <cstddef>
#include <memory>

namespace fa {

/// Apple's GPUs map memory in pages of this size; buffers without a copy begin and end at a multiple of it.
inline constexpr size_t kGpuPageBytes = 16384;

class Pages {
 public:
  /// Zeroed; the operating system gives physical memory only when it is touched.
  /// @throws std::bad_alloc
  static std::shared_ptr<Pages> allocate(size_t bytes);
  ~Pages();
  Pages(const Pages&) = delete;
  Pages& operator=(const Pages&) = delete;

  std::byte* data() const { return data_; }
  /// What was asked for, up to the next multiple of kGpuPageBytes.
  size_t bytes() const { return bytes_; }

 private:
  explicit Pages(size_t bytes);

  std::byte* data_ = nullptr;
  size_t bytes_ = 0;
  void* mapping_ = nullptr;
  size_t mapped_bytes_ = 0;
};

/// The pages that hold [data, data + bytes), kept while the pointer lives; null when none of ours do.
std::shared_ptr<const Pages> pages_around(const std::byte* data, size_t bytes);

}  // namespace fa
