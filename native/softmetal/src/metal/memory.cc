#include "metal/memory.h"

#include "check/checker.h"
#include "engine/memory.h"
#include "objc/block.h"
#include "settings/settings.h"

namespace softmetal {

Memory::Memory(void* address, uint64_t length) : address_(address), length_(length) {
  forget_device_memory(address, length);
}

std::shared_ptr<Memory> Memory::allocate(uint64_t length, const Account& account) {
  uint64_t guard_bytes = current_settings().guard_bytes;
  void* address = allocate_guarded(length, guard_bytes);
  if (!address) return nullptr;
  std::shared_ptr<Memory> memory(new Memory(address, length));
  memory->owned_ = true;
  memory->guard_bytes_ = guard_bytes;
  memory->account_ = account;
  *account += allocation_size(length);
  return memory;
}

std::shared_ptr<Memory> Memory::borrow(void* address, uint64_t length, BlockLiteral* deallocator) {
  std::shared_ptr<Memory> memory(new Memory(address, length));
  memory->deallocator_ = deallocator;
  return memory;
}

Memory::~Memory() {
  forget_device_memory(address_, length_);
  if (owned_) {
    free_guarded(address_);
    *account_ -= allocation_size(length_);
  }
  if (deallocator_) {
    invoke_block(deallocator_, address_, static_cast<unsigned long>(length_));
    release_block(deallocator_);
  }
}

}  // namespace softmetal
