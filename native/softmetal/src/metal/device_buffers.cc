// MTLDevice: the ways to make a buffer.
#include <cinttypes>
#include <cstdio>
#include <cstring>

#include "metal/buffer.h"
#include "metal/faults.h"
#include "metal/validation.h"
#include "objc/block.h"

namespace softmetal {
namespace {

Object* new_buffer(Device* device, Selector, uint64_t length, uint64_t options) {
  const char* call = "-[MTLDevice newBufferWithLength:options:]";
  auto memory = allocate_buffer_memory(*device, length, options, call, device->allocated);
  return memory ? new Buffer(device, std::move(memory), options) : nullptr;
}

Object* new_buffer_with_bytes(Device* device, Selector, const void* bytes, uint64_t length,
                              uint64_t options) {
  const char* call = "-[MTLDevice newBufferWithBytes:length:options:]";
  if (!bytes) {
    report_refusal(ReportKind::kEncoding, call, "bytes must not be null");
    return nullptr;
  }
  if (ResourceOptions{options}.storage() == StorageMode::kPrivate) {
    report_refusal(ReportKind::kEncoding, call,
                   "a buffer of storage mode private cannot be filled by the host");
    return nullptr;
  }
  auto memory = allocate_buffer_memory(*device, length, options, call, device->allocated);
  if (!memory) return nullptr;
  std::memcpy(memory->address(), bytes, length);
  return new Buffer(device, std::move(memory), options);
}

// Why newBufferWithBytesNoCopy: refuses; empty when it does not.
std::string no_copy_refusal(const Device& device, const void* pointer, uint64_t length, uint64_t options) {
  uint64_t alignment = device.profile.no_copy_alignment;
  char text[128] = "";
  if (reinterpret_cast<uint64_t>(pointer) % alignment || !pointer) {
    std::snprintf(text, sizeof text, "pointer %p is not %" PRIu64 " byte aligned.", pointer, alignment);
  } else if (length % alignment || length == 0) {
    std::snprintf(text, sizeof text, "length %" PRIu64 " is not a multiple of %" PRIu64 " bytes.", length,
                  alignment);
  } else if (length > device.profile.max_buffer_length) {
    std::snprintf(text, sizeof text, "length(%" PRIu64 ") must be <= %" PRIu64 ".", length,
                  device.profile.max_buffer_length);
  } else if (ResourceOptions{options}.storage() == StorageMode::kPrivate ||
             ResourceOptions{options}.storage() == StorageMode::kMemoryless) {
    return "storage mode must be shared or managed";
  }
  return text;
}

Object* new_buffer_no_copy(Device* device, Selector, void* pointer, uint64_t length, uint64_t options,
                           const void* deallocator) {
  const char* call = "-[MTLDevice newBufferWithBytesNoCopy:length:options:deallocator:]";
  std::string reason = no_copy_refusal(*device, pointer, length, options);
  if (!reason.empty()) {
    report_refusal(ReportKind::kEncoding, call, reason);
    return nullptr;
  }
  if (fault_strikes(InjectedFault::kAllocate)) return nullptr;
  BlockLiteral* block = nullptr;
  if (deallocator) {
    block = copy_block(deallocator, "v@?^vQ", "newBufferWithBytesNoCopy:length:options:deallocator:");
    if (!block) return nullptr;
  }
  return new Buffer(device, Memory::borrow(pointer, length, block), options);
}

}  // namespace

std::shared_ptr<Memory> allocate_buffer_memory(Device& device, uint64_t length, uint64_t options,
                                               const char* call, const Account& account) {
  std::string reason;
  if (length == 0) {
    reason = "Cannot create buffer of zero length.";
  } else if (length > device.profile.max_buffer_length) {
    reason = "length(" + std::to_string(length) +
             ") must be <= " + std::to_string(device.profile.max_buffer_length) + " (maxBufferLength).";
  } else if (ResourceOptions{options}.storage() >= StorageMode::kMemoryless) {
    reason = "a buffer cannot be memoryless";
  }
  if (!reason.empty()) {
    report_refusal(ReportKind::kEncoding, call, reason);
    return nullptr;
  }
  if (fault_strikes(InjectedFault::kAllocate)) return nullptr;
  return Memory::allocate(length, account);
}

void register_device_buffers() {
  add_method("MTLDevice", "newBufferWithLength:options:", new_buffer);
  add_method("MTLDevice", "newBufferWithBytes:length:options:", new_buffer_with_bytes);
  add_method("MTLDevice", "newBufferWithBytesNoCopy:length:options:deallocator:", new_buffer_no_copy);
}

}  // namespace softmetal
