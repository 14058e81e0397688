// MTLEvent, MTLSharedEvent, MTLSharedEventListener and MTLFence.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "metal/command.h"
#include "metal/device.h"
#include "metal/executor.h"
#include "metal/ref.h"

namespace softmetal {

struct BlockLiteral;

struct SharedEventListener : Object {
  SharedEventListener();
  Executor executor;  // notifications run on its thread
};

// An MTLEvent is the same thing, less what the host may ask of it.
struct Event : Object {
  Event(Device* device, const char* class_name);
  ~Event() override;

  void signal(uint64_t value);
  uint64_t value() const;
  // False when it takes longer than `seconds` (0 = any time) or the process ends.
  bool wait(uint64_t value, double seconds) const;
  void notify(SharedEventListener* listener, uint64_t value, BlockLiteral* block);

  Ref<Device> device;
  std::string label;

 private:
  struct Notification {
    Ref<SharedEventListener> listener;
    uint64_t value;
    BlockLiteral* block;
  };
  void post(Notification notification, uint64_t value);

  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  uint64_t value_ = 0;
  std::vector<Notification> notifications_;
};

struct Fence : Object {
  explicit Fence(Device* device);
  Ref<Device> device;
  std::string label;
  std::shared_ptr<char> identity = std::make_shared<char>();  // tells it from others in EncoderOrder
};

class EventCommand : public Command {
 public:
  enum class Kind { kSignal, kWait };
  EventCommand(Kind kind, Event* event, uint64_t value) : kind_(kind), event_(event), value_(value) {}
  void run(Execution& execution) override;
  bool runs_after_failure() const override { return true; }

 private:
  Kind kind_;
  Ref<Event> event_;
  uint64_t value_;
};

void register_events();

}  // namespace softmetal
