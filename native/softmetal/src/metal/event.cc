#include "metal/event.h"

#include <algorithm>
#include <chrono>

#include "metal/command_buffer.h"
#include "metal/property.h"
#include "metal/validation.h"
#include "objc/block.h"

namespace softmetal {
namespace {

constexpr char kEvent[] = "MTLEvent";
constexpr char kSharedEvent[] = "MTLSharedEvent";
constexpr char kListener[] = "MTLSharedEventListener";
constexpr char kFence[] = "MTLFence";

Object* new_event(Device* device, Selector) { return new Event(device, kEvent); }
Object* new_shared_event(Device* device, Selector) { return new Event(device, kSharedEvent); }
Object* new_fence(Device* device, Selector) { return new Fence(device); }

uint64_t signaled_value(Event* event, Selector) { return event->value(); }
void set_signaled_value(Event* event, Selector, uint64_t value) { event->signal(value); }

void notify_listener(Event* event, Selector, Object* object, uint64_t value, const void* handler) {
  const char* selector = "notifyListener:atValue:block:";
  auto* listener = checked<SharedEventListener>(object, selector);
  if (!listener) {
    return report_refusal(ReportKind::kEncoding, std::string("-[MTLSharedEvent ") + selector + "]",
                          "listener must not be nil.");
  }
  if (BlockLiteral* block = copy_block(handler, "v@?@Q", selector)) event->notify(listener, value, block);
}

bool wait_until(Event* event, Selector, uint64_t value, uint64_t milliseconds) {
  if (milliseconds == 0) return event->value() >= value;
  return event->wait(value, static_cast<double>(milliseconds) * 1e-3);
}

// There is no libdispatch here: a listener has a thread of its own.
Object* init_with_queue(SharedEventListener* listener, Selector, const void* queue) {
  if (queue) {
    report_refusal(ReportKind::kUnsupported, "-[MTLSharedEventListener initWithDispatchQueue:]",
                   "dispatch queues are not modelled; blocks run on the listener's own thread");
  }
  return listener;
}

}  // namespace

SharedEventListener::SharedEventListener() : Object(class_named(kListener)) {}

Event::Event(Device* device, const char* class_name) : Object(class_named(class_name)), device(device) {}

Event::~Event() {
  for (Notification& notification : notifications_) release_block(notification.block);
}

Fence::Fence(Device* device) : Object(class_named(kFence)), device(device) {}

uint64_t Event::value() const {
  std::lock_guard lock(mutex_);
  return value_;
}

void Event::signal(uint64_t value) {
  std::vector<Notification> due;
  {
    std::lock_guard lock(mutex_);
    value_ = value;
    auto first_due = std::stable_partition(notifications_.begin(), notifications_.end(),
                                           [&](const Notification& one) { return one.value > value; });
    due.assign(first_due, notifications_.end());
    notifications_.erase(first_due, notifications_.end());
    changed_.notify_all();
  }
  for (Notification& notification : due) post(std::move(notification), value);
}

bool Event::wait(uint64_t value, double seconds) const {
  // In short steps, so that a process that ends does not wait for a signal that will not come.
  auto until = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  std::unique_lock lock(mutex_);
  while (value_ < value) {
    auto now = std::chrono::steady_clock::now();
    if (process_is_ending() || (seconds > 0 && now >= until)) return false;
    std::chrono::duration<double> step = std::chrono::milliseconds(50);
    if (seconds > 0) step = std::min(step, std::chrono::duration<double>(until - now));
    changed_.wait_for(lock, step);
  }
  return true;
}

void Event::notify(SharedEventListener* listener, uint64_t value, BlockLiteral* block) {
  Notification notification{listener, value, block};
  uint64_t reached;
  {
    std::lock_guard lock(mutex_);
    reached = value_;
    if (reached < value) return notifications_.push_back(std::move(notification));
  }
  post(std::move(notification), reached);
}

void Event::post(Notification notification, uint64_t value) {
  SharedEventListener* listener = notification.listener.get();
  listener->executor.post([event = Ref(this), notification = std::move(notification), value] {
    invoke_block(notification.block, static_cast<Object*>(event.get()), value);
    release_block(notification.block);
  });
}

void EventCommand::run(Execution& execution) {
  if (kind_ == Kind::kSignal) return event_->signal(value_);
  if (event_->wait(value_, execution.time_left())) return execution.buffer.queue->order_history.clear();
  execution.fail(refusal(ReportKind::kHang, "-[MTLCommandBuffer encodeWaitForEvent:value:]",
                         "the event did not reach " + std::to_string(value_) + " in time"),
                 kErrorTimeout);
}

void register_events() {
  add_method("MTLDevice", "newEvent", new_event);
  add_method("MTLDevice", "newSharedEvent", new_shared_event);
  add_method("MTLDevice", "newFence", new_fence);
  for (const char* name : {kEvent, kSharedEvent}) {
    add_getter<&Event::device>(name, "device");
    add_property<&Event::label>(name, "label", "setLabel:");
  }
  add_method(kSharedEvent, "signaledValue", signaled_value);
  add_method(kSharedEvent, "setSignaledValue:", set_signaled_value);
  add_method(kSharedEvent, "notifyListener:atValue:block:", notify_listener);
  add_method(kSharedEvent, "waitUntilSignaledValue:timeoutMS:", wait_until);
  allocate_with<SharedEventListener>(kListener);
  add_method(kListener, "initWithDispatchQueue:", init_with_queue);
  add_getter<&Fence::device>(kFence, "device");
  add_property<&Fence::label>(kFence, "label", "setLabel:");
}

}  // namespace softmetal
