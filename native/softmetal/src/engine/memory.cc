#include "engine/memory.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <map>
#include <mutex>

namespace softmetal {
namespace {

constexpr size_t kAlignment = 16;  // the least that a MTLBuffer's contents must have

// The system allows a process some 65 thousand mappings and 47 bits of addresses. A guarded buffer takes
// three mappings; the first ones get zones of full size, later ones of a page, and beyond that none.
constexpr size_t kWithFullZones = 4096, kWithZones = 16384;

struct Block {
  char* base = nullptr;
  size_t bytes = 0;  // 0: from malloc
};

std::mutex mutex;
std::map<const void*, Block>& blocks() {
  static auto* all = new std::map<const void*, Block>;  // outlives every static object that frees memory
  return *all;
}

size_t page_bytes() {
  static const size_t bytes = sysconf(_SC_PAGESIZE);
  return bytes;
}

size_t whole(size_t bytes, size_t unit) { return (bytes + unit - 1) / unit * unit; }

// The block, with inaccessible zones on either side of the pages in its middle.
Block map_block(size_t pages_bytes, size_t zone) {
  size_t bytes = pages_bytes + 2 * zone;
  void* base = mmap(nullptr, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (base == MAP_FAILED) return {};
  Block block = {static_cast<char*>(base), bytes};
  if (mprotect(block.base + zone, pages_bytes, PROT_READ | PROT_WRITE) == 0) return block;
  munmap(base, bytes);
  return {};
}

void give_back(const Block& block) {
  if (block.bytes) {
    munmap(block.base, block.bytes);
  } else {
    std::free(block.base);
  }
}

char* allocate_plain(size_t length, Block& block) {
  void* memory = nullptr;
  if (posix_memalign(&memory, kAlignment, length) != 0) return nullptr;
  block = {static_cast<char*>(memory), 0};
  return block.base;
}

char* allocate_block(size_t length, size_t guard_bytes, Block& block) {
  const size_t pages = whole(length, page_bytes());
  size_t live = blocks().size();
  size_t zone = live < kWithFullZones ? whole(guard_bytes, page_bytes()) : page_bytes();
  if (pages < length || live >= kWithZones) return pages < length ? nullptr : allocate_plain(length, block);
  for (;; zone = page_bytes()) {
    block = map_block(pages, zone);
    if (block.base) return block.base + zone + pages - whole(length, kAlignment);
    if (zone <= page_bytes()) return allocate_plain(length, block);
  }
}

void* reserve(size_t length, size_t guard_bytes) {
  std::lock_guard lock(mutex);
  Block block;
  char* address = allocate_block(length, guard_bytes, block);
  if (!address) return nullptr;
  try {
    blocks()[address] = block;
  } catch (const std::bad_alloc&) {
    give_back(block);
    return nullptr;
  }
  return address;
}

}  // namespace

void* allocate_guarded(size_t length, size_t guard_bytes) {
  length = std::max<size_t>(length, 1);
  void* address = reserve(length, guard_bytes);
  if (address) std::memset(address, kPoison, length);
  return address;
}

void free_guarded(void* address) {
  if (!address) return;
  std::lock_guard lock(mutex);
  auto found = blocks().find(address);
  if (found == blocks().end()) return;
  give_back(found->second);
  blocks().erase(found);
}

}  // namespace softmetal
