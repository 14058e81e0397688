#include "count/traffic.h"

#include <sys/mman.h>

#include <algorithm>
#include <atomic>
#include <bit>
#include <new>
#include <utility>

namespace softmetal {
namespace {

constexpr uint64_t kWordBits = 64;

struct Piece {
  const char *begin, *end;
  uint32_t index;
};

// Adds what no earlier piece covers.
void add_uncovered(std::vector<Piece>& pieces, Piece fresh) {
  std::sort(pieces.begin(), pieces.end(), [](const Piece& a, const Piece& b) { return a.begin < b.begin; });
  std::vector<Piece> parts;
  for (const Piece& piece : pieces) {
    if (piece.end <= fresh.begin || piece.begin >= fresh.end) continue;
    if (fresh.begin < piece.begin) parts.push_back({fresh.begin, piece.begin, fresh.index});
    fresh.begin = piece.end;
    if (fresh.begin >= fresh.end) break;
  }
  if (fresh.begin < fresh.end) parts.push_back(fresh);
  pieces.insert(pieces.end(), parts.begin(), parts.end());
}

}  // namespace

Bitmap::Bitmap(uint64_t bits) : word_count_((bits + kWordBits - 1) / kWordBits) {
  void* memory = mmap(nullptr, std::max<uint64_t>(1, word_count_) * sizeof(uint64_t), PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) throw std::bad_alloc();
  words_ = static_cast<uint64_t*>(memory);
}

Bitmap::Bitmap(Bitmap&& other) noexcept
    : word_count_(other.word_count_), words_(std::exchange(other.words_, nullptr)) {}

Bitmap::~Bitmap() {
  if (words_) munmap(words_, std::max<uint64_t>(1, word_count_) * sizeof(uint64_t));
}

void Bitmap::mark(uint64_t first, uint64_t count) {
  for (uint64_t end = first + count; first < end;) {
    uint64_t bit = first % kWordBits, here = std::min(kWordBits - bit, end - first);
    uint64_t mask = (here == kWordBits ? ~uint64_t(0) : (uint64_t(1) << here) - 1) << bit;
    std::atomic_ref<uint64_t> word(words_[first / kWordBits]);
    // Most bytes are touched many times: look before the costly write.
    if ((word.load(std::memory_order_relaxed) & mask) != mask) word.fetch_or(mask, std::memory_order_relaxed);
    first += here;
  }
}

uint64_t Bitmap::marked() const {
  uint64_t bits = 0;
  for (uint64_t i = 0; i < word_count_; i++) bits += static_cast<uint64_t>(std::popcount(words_[i]));
  return bits;
}

std::vector<Region> device_regions(const Dispatch& dispatch) {
  std::vector<Piece> pieces;
  for (uint32_t index = 0; index < SM_BUFFERS; index++) {
    const BufferBinding& binding = dispatch.buffers[index];
    const char* begin = static_cast<const char*>(binding.address);
    if (begin && binding.length) add_uncovered(pieces, {begin, begin + binding.length, index});
  }
  for (const ResidentRange& range : dispatch.resident) {
    const char* begin = static_cast<const char*>(range.address);
    if (begin && range.length) add_uncovered(pieces, {begin, begin + range.length, Region::kNoIndex});
  }
  std::sort(pieces.begin(), pieces.end(), [](const Piece& a, const Piece& b) { return a.begin < b.begin; });
  std::vector<Region> regions;
  for (const Piece& piece : pieces) {
    uint64_t length = static_cast<uint64_t>(piece.end - piece.begin);
    regions.push_back({piece.begin, piece.end, piece.index, Bitmap(length), Bitmap(length)});
  }
  return regions;
}

// The region that holds the address, or how many regions there are.
size_t Traffic::find(const char* address) {
  if (last_ < regions_.size() && address >= regions_[last_].begin && address < regions_[last_].end)
    return last_;
  auto after = std::upper_bound(regions_.begin(), regions_.end(), address,
                                [](const char* a, const Region& region) { return a < region.begin; });
  if (after == regions_.begin() || address >= (after - 1)->end) return regions_.size();
  return last_ = static_cast<size_t>(after - 1 - regions_.begin());
}

void Traffic::touch(const char* address, uint32_t size, bool reads, bool writes) {
  for (const char* end = address + size; address < end;) {
    size_t at = find(address);
    // What lies in no buffer is no traffic; the checks report it.
    if (at == regions_.size()) return;
    Region& region = regions_[at];
    const uint64_t first = static_cast<uint64_t>(address - region.begin);
    const uint64_t count = static_cast<uint64_t>(std::min(end, region.end) - address);
    bytes_[at].accesses++;
    if (reads) {
      bytes_[at].read += count;
      region.read.mark(first, count);
    }
    if (writes) {
      bytes_[at].written += count;
      region.written.mark(first, count);
    }
    address += count;
  }
}

}  // namespace softmetal
