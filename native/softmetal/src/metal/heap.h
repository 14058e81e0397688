// MTLHeap: an allowance of bytes. Every buffer of it has memory of its own all the same, so that an access
// outside a buffer is found.
#pragma once

#include <atomic>
#include <string>

#include "metal/device.h"
#include "metal/ref.h"
#include "metal/types.h"

namespace softmetal {

struct HeapDescriptor : Object {
  HeapDescriptor();
  uint64_t size = 0, cpu_cache_mode = 0, type = 0;
  StorageMode storage = StorageMode::kPrivate;
  HazardTracking hazard_tracking = HazardTracking::kDefault;
  uint64_t options() const;
};

struct Heap : Object {
  Heap(Device* device, const HeapDescriptor& descriptor);
  HazardTracking hazard_tracking() const;

  Ref<Device> device;
  uint64_t size;
  ResourceOptions options;
  Account used = std::make_shared<std::atomic<uint64_t>>(0);
  std::string label;
};

void register_heap();

}  // namespace softmetal
