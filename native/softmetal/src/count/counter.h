// Counting of one dispatch.
#pragma once

#include <memory>

#include "engine/observer.h"

namespace softmetal {

class DispatchCount {
 public:
  virtual ~DispatchCount() = default;
  virtual std::unique_ptr<Observer> observe_worker() = 0;
  // Once every worker is done.
  virtual Counts take() = 0;
};

std::unique_ptr<DispatchCount> count_dispatch(const Dispatch& dispatch);

}  // namespace softmetal
