// What a buffer's bytes are. It outlives its MTLBuffer while a command that does not retain the buffer may
// still touch it, so that such a mistake is reported and not a crash.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>

namespace softmetal {

struct BlockLiteral;
using Account = std::shared_ptr<std::atomic<uint64_t>>;  // bytes that a device or a heap has handed out

// What a buffer takes of its device or heap.
constexpr uint64_t kAllocationUnit = 256;
constexpr uint64_t allocation_size(uint64_t length) {
  return (length + kAllocationUnit - 1) / kAllocationUnit * kAllocationUnit;
}

class Memory {
 public:
  // Null when there is no room.
  static std::shared_ptr<Memory> allocate(uint64_t length, const Account& account);
  // The client's memory; `deallocator`, which may be null, is called once at the end and released.
  static std::shared_ptr<Memory> borrow(void* address, uint64_t length, BlockLiteral* deallocator);
  ~Memory();
  Memory(const Memory&) = delete;
  Memory& operator=(const Memory&) = delete;

  char* address() const { return static_cast<char*>(address_); }
  uint64_t length() const { return length_; }

  std::atomic<bool> owner_gone{false};  // its MTLBuffer was deallocated

 private:
  Memory(void* address, uint64_t length);

  void* const address_;
  const uint64_t length_;
  bool owned_ = false;
  uint64_t guard_bytes_ = 0;
  Account account_;
  BlockLiteral* deallocator_ = nullptr;
};

}  // namespace softmetal
