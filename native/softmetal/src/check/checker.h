// Validation of memory accesses: bounds, alignment, initialisation, races.
#pragma once

#include <memory>

#include "engine/observer.h"

namespace softmetal {

// Shared by the workers of one dispatch; device memory's history outlives it. Observers must be gone before
// take_reports(), and before the check itself.
class DispatchCheck {
 public:
  virtual ~DispatchCheck() = default;
  virtual std::unique_ptr<Observer> observe_worker() = 0;
  virtual std::vector<Report> take_reports() = 0;
};

std::unique_ptr<DispatchCheck> check_dispatch(const Dispatch& dispatch);

// The history of device memory in [address, address + length) is dropped: the buffer is new, or gone.
void forget_device_memory(const void* address, uint64_t length);

}  // namespace softmetal
