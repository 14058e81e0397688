#include "pages.h"

#include <cstdint>
#include <functional>
#include <iterator>
#include <limits>
#include <map>
#include <mutex>
#include <new>

#ifdef _WIN32
#include <windows.h>
#else
#include <sys/mman.h>
#endif

namespace fa {

namespace {

/// Pages that are alive, by their first address.
struct Registry {
  std::mutex mutex;
  std::map<const std::byte*, std::weak_ptr<const Pages>, std::less<>> alive;
};

Registry& registry() {
  static auto* all = new Registry;  // never destroyed: pages may outlive static destructors
  return *all;
}

void* map_memory(size_t bytes) {
#ifdef _WIN32
  return VirtualAlloc(nullptr, bytes, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
#else
  void* data = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return data == MAP_FAILED ? nullptr : data;
#endif
}

void unmap_memory(void* data, size_t bytes) {
#ifdef _WIN32
  VirtualFree(data, 0, MEM_RELEASE);
#else
  munmap(data, bytes);
#endif
}

constexpr uintptr_t round_up(uintptr_t value) { return (value + kGpuPageBytes - 1) & ~(kGpuPageBytes - 1); }

}  // namespace

Pages::Pages(size_t bytes) {
  if (bytes > std::numeric_limits<size_t>::max() - 2 * kGpuPageBytes) throw std::bad_alloc();
  bytes_ = round_up(bytes);
  // The system's own pages may be smaller, so one GPU page more leaves room to align the begin.
  mapped_bytes_ = bytes_ + kGpuPageBytes;
  mapping_ = map_memory(mapped_bytes_);
  if (mapping_ == nullptr) throw std::bad_alloc();
  data_ = reinterpret_cast<std::byte*>(round_up(reinterpret_cast<uintptr_t>(mapping_)));
}

std::shared_ptr<Pages> Pages::allocate(size_t bytes) {
  const std::shared_ptr<Pages> pages(new Pages(bytes));
  const std::lock_guard lock(registry().mutex);
  registry().alive[pages->data_] = pages;
  return pages;
}

Pages::~Pages() {
  {
    const std::lock_guard lock(registry().mutex);
    registry().alive.erase(data_);
  }
  unmap_memory(mapping_, mapped_bytes_);
}

std::shared_ptr<const Pages> pages_around(const std::byte* data, size_t bytes) {
  std::shared_ptr<const Pages> pages;  // outlives the lock, which its destructor takes
  const std::lock_guard lock(registry().mutex);
  const auto after = registry().alive.upper_bound(data);
  if (after == registry().alive.begin()) return nullptr;
  pages = std::prev(after)->second.lock();
  if (!pages) return nullptr;
  const size_t offset = static_cast<size_t>(data - pages->data());
  return offset < pages->bytes() && bytes <= pages->bytes() - offset ? pages : nullptr;
}

}  // namespace fa
