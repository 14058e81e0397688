// Which bytes of device memory a dispatch reads and writes.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/dispatch.h"

namespace softmetal {

// One bit per byte. Its pages take memory once they are touched. Any thread may mark.
class Bitmap {
 public:
  explicit Bitmap(uint64_t bits);
  ~Bitmap();
  Bitmap(Bitmap&& other) noexcept;
  Bitmap(const Bitmap&) = delete;
  Bitmap& operator=(const Bitmap&) = delete;
  void mark(uint64_t first, uint64_t count);
  uint64_t marked() const;  // once all threads are done

 private:
  uint64_t word_count_;
  uint64_t* words_;
};

struct Region {
  static constexpr uint32_t kNoIndex = ~0u;
  const char *begin, *end;
  uint32_t index;  // in the table of buffers; kNoIndex for memory that is only resident
  Bitmap read, written;
};

// The dispatch's device memory as regions that do not overlap, by address. Where bindings overlap, bytes
// belong to the lowest index.
std::vector<Region> device_regions(const Dispatch& dispatch);

struct Bytes {
  uint64_t read = 0, written = 0, accesses = 0;
};

// One worker's view of the regions.
class Traffic {
 public:
  // `bytes`: what it adds up, by region.
  Traffic(std::vector<Region>& regions, std::vector<Bytes>& bytes) : regions_(regions), bytes_(bytes) {}
  void touch(const char* address, uint32_t size, bool reads, bool writes);

 private:
  size_t find(const char* address);

  std::vector<Region>& regions_;
  std::vector<Bytes>& bytes_;
  size_t last_ = 0;
};

}  // namespace softmetal
