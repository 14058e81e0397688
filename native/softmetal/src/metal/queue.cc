#include "metal/queue.h"

#include <algorithm>

#include "metal/command_buffer.h"
#include "metal/property.h"
#include "metal/validation.h"

namespace softmetal {
namespace {

constexpr char kClass[] = "MTLCommandQueue";
constexpr char kDescriptor[] = "MTLCommandQueueDescriptor";

struct QueueDescriptor : Object {
  QueueDescriptor() : Object(class_named(kDescriptor)) {}
  uint64_t max_command_buffers = 0;  // 0: the device's own number
};

Object* new_queue(Device* device, Selector) { return new Queue(device, device->profile.max_command_buffers); }

Object* new_queue_with_count(Device* device, Selector, uint64_t most) {
  if (most > 0) return new Queue(device, most);
  report_refusal(ReportKind::kEncoding, "-[MTLDevice newCommandQueueWithMaxCommandBufferCount:]",
                 "maxCommandBufferCount must be > 0");
  return nullptr;
}

Object* new_queue_with_descriptor(Device* device, Selector selector, Object* object) {
  auto* descriptor = checked<QueueDescriptor>(object, "newCommandQueueWithDescriptor:");
  uint64_t most = descriptor ? descriptor->max_command_buffers : 0;
  return most ? new Queue(device, most) : new_queue(device, selector);
}

Object* make_buffer(Queue* queue, bool retains, uint64_t error_options, const char* call) {
  if (!queue->execution.start()) {
    report_refusal(ReportKind::kUnsupported, call, "the system has no thread left to run it");
    return nullptr;
  }
  if (!queue->admit()) {
    report_refusal(ReportKind::kEncoding, call,
                   "every command buffer that the queue may have exists and none is committed: this would "
                   "wait for ever");
    return nullptr;
  }
  auto buffer = Ref<CommandBuffer>::adopt(new CommandBuffer(queue, retains));
  buffer->error_options = error_options;
  return autoreleased(std::move(buffer));
}

Object* command_buffer(Queue* queue, Selector) {
  return make_buffer(queue, true, 0, "-[MTLCommandQueue commandBuffer]");
}
Object* unretained_command_buffer(Queue* queue, Selector) {
  return make_buffer(queue, false, 0, "-[MTLCommandQueue commandBufferWithUnretainedReferences]");
}
Object* described_command_buffer(Queue* queue, Selector, Object* object) {
  auto* descriptor = checked<CommandBufferDescriptor>(object, "commandBufferWithDescriptor:");
  bool retains = !descriptor || descriptor->retained_references;
  return make_buffer(queue, retains, descriptor ? descriptor->error_options : 0,
                     "-[MTLCommandQueue commandBufferWithDescriptor:]");
}

}  // namespace

Queue::Queue(Device* device, uint64_t max_command_buffers)
    : Object(class_named(kClass)), device(device), max_command_buffers_(max_command_buffers) {}

bool Queue::admit() {
  std::unique_lock lock(mutex_);
  finished_.wait(lock, [&] { return unfinished_ < max_command_buffers_ || running_ == 0; });
  if (unfinished_ >= max_command_buffers_) return false;
  ++unfinished_;
  return true;
}

void Queue::forget(bool was_committed) {
  std::lock_guard lock(mutex_);
  --unfinished_;
  if (was_committed) --running_;
  finished_.notify_all();
}

void Queue::enqueue(CommandBuffer* buffer) {
  std::lock_guard lock(mutex_);
  order_.push_back(buffer);
}

void Queue::withdraw(CommandBuffer* buffer) {
  {
    std::lock_guard lock(mutex_);
    order_.erase(std::remove(order_.begin(), order_.end(), buffer), order_.end());
  }
  start_committed();
}

void Queue::start_committed() {
  std::lock_guard lock(mutex_);
  while (!order_.empty() && order_.front()->progress->status() == Status::kCommitted) {
    auto buffer = Ref<CommandBuffer>::adopt(order_.front());
    order_.pop_front();
    ++running_;
    execution.post([buffer = std::move(buffer)]() mutable { execute(std::move(buffer)); });
  }
}

void register_queue() {
  add_method("MTLDevice", "newCommandQueue", new_queue);
  add_method("MTLDevice", "newCommandQueueWithMaxCommandBufferCount:", new_queue_with_count);
  add_method("MTLDevice", "newCommandQueueWithDescriptor:", new_queue_with_descriptor);
  allocate_with<QueueDescriptor>(kDescriptor);
  add_property<&QueueDescriptor::max_command_buffers>(kDescriptor, "maxCommandBufferCount",
                                                      "setMaxCommandBufferCount:");
  add_method(kClass, "commandBuffer", command_buffer);
  add_method(kClass, "commandBufferWithUnretainedReferences", unretained_command_buffer);
  add_method(kClass, "commandBufferWithDescriptor:", described_command_buffer);
  add_getter<&Queue::device>(kClass, "device");
  add_property<&Queue::label>(kClass, "label", "setLabel:");
}

}  // namespace softmetal
