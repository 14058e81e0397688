// MTLBuffer.
#pragma once

#include <memory>
#include <string>

#include "metal/device.h"
#include "metal/ref.h"
#include "metal/types.h"

namespace softmetal {

struct Heap;

struct Buffer : Object {
  Buffer(Device* device, std::shared_ptr<Memory> memory, uint64_t options);
  ~Buffer() override;

  bool tracked() const { return hazard_tracking() == HazardTracking::kTracked; }
  HazardTracking hazard_tracking() const;

  Ref<Device> device;
  std::shared_ptr<Memory> memory;
  ResourceOptions options;
  Ref<Heap> heap;  // null: not from a heap
  std::string label;
};

void register_buffer();

}  // namespace softmetal
