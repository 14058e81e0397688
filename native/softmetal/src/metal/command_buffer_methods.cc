// The methods of MTLCommandBuffer.
#include "metal/blit_encoder.h"
#include "metal/compute_encoder.h"
#include "metal/event.h"
#include "metal/property.h"
#include "objc/block.h"

namespace softmetal {
namespace {

constexpr char kClass[] = "MTLCommandBuffer";
constexpr char kDescriptor[] = "MTLCommandBufferDescriptor";

std::string call(const char* selector) { return std::string("-[MTLCommandBuffer ") + selector + "]"; }

void enqueue(CommandBuffer* buffer, Selector) {
  if (buffer->progress->status() != Status::kNotEnqueued) {
    return buffer->refuse(ReportKind::kEncoding, call("enqueue"), "the command buffer is already enqueued");
  }
  buffer->progress->set(Status::kEnqueued);
  buffer->queue->enqueue(buffer);
}

void commit(CommandBuffer* buffer, Selector) { buffer->commit(); }

bool can_wait(CommandBuffer* buffer, const char* selector) {
  if (buffer->progress->is_committed()) return true;
  buffer->refuse(ReportKind::kEncoding, call(selector),
                 "the command buffer is not committed: this would wait for ever");
  return false;
}

void wait_scheduled(CommandBuffer* buffer, Selector) {
  if (can_wait(buffer, "waitUntilScheduled")) buffer->progress->wait_for(Status::kScheduled);
}

// Handlers are done, too, unless it is a handler that asks.
void wait_completed(CommandBuffer* buffer, Selector) {
  if (!can_wait(buffer, "waitUntilCompleted")) return;
  if (buffer->queue->completion.runs_on_this_thread()) {
    buffer->progress->wait_for(Status::kCompleted);
  } else {
    buffer->progress->wait_until_handled();
  }
  buffer->note_seen();
}

Status status(CommandBuffer* buffer, Selector) {
  Status now = buffer->progress->status();
  if (now >= Status::kCompleted) buffer->note_seen();
  return now;
}

Object* error(CommandBuffer* buffer, Selector) {
  return buffer->progress->is_final() ? buffer->error.get() : nullptr;
}

// Zero until the command buffer is complete.
template <auto Time>
double time_of(CommandBuffer* buffer, Selector) {
  return buffer->progress->is_final() ? buffer->*Time : 0;
}

template <auto Handlers>
void add_handler(CommandBuffer* buffer, const char* selector, const char* late, const void* handler) {
  if (buffer->progress->is_committed()) {
    return buffer->refuse(ReportKind::kEncoding, call(selector), late);
  }
  if (BlockLiteral* block = copy_block(handler, "v@?@", selector)) (buffer->*Handlers).push_back(block);
}

void add_scheduled(CommandBuffer* buffer, Selector, const void* handler) {
  add_handler<&CommandBuffer::scheduled_handlers>(
      buffer, "addScheduledHandler:", "Scheduled handler provided after commit call", handler);
}
void add_completed(CommandBuffer* buffer, Selector, const void* handler) {
  add_handler<&CommandBuffer::completed_handlers>(
      buffer, "addCompletedHandler:", "Completed handler provided after commit call", handler);
}

Object* new_compute_encoder(CommandBuffer* buffer, const char* selector, DispatchType type,
                            std::vector<SampleAttachment> samples) {
  if (!buffer->can_encode(call(selector).c_str())) return nullptr;
  return autoreleased(Ref<ComputeEncoder>::adopt(new ComputeEncoder(buffer, type, std::move(samples))));
}

Object* compute_encoder(CommandBuffer* buffer, Selector) {
  return new_compute_encoder(buffer, "computeCommandEncoder", DispatchType::kSerial, {});
}
Object* compute_encoder_of_type(CommandBuffer* buffer, Selector, DispatchType type) {
  return new_compute_encoder(buffer, "computeCommandEncoderWithDispatchType:", type, {});
}
Object* compute_encoder_described(CommandBuffer* buffer, Selector, Object* object) {
  const char* selector = "computeCommandEncoderWithDescriptor:";
  auto* pass = checked<PassDescriptor>(object, selector);
  return new_compute_encoder(buffer, selector, pass ? pass->dispatch_type : DispatchType::kSerial,
                             pass ? pass->samples() : std::vector<SampleAttachment>());
}

Object* new_blit_encoder(CommandBuffer* buffer, const char* selector, std::vector<SampleAttachment> samples) {
  if (!buffer->can_encode(call(selector).c_str())) return nullptr;
  return autoreleased(Ref<BlitEncoder>::adopt(new BlitEncoder(buffer, std::move(samples))));
}
Object* blit_encoder(CommandBuffer* buffer, Selector) {
  return new_blit_encoder(buffer, "blitCommandEncoder", {});
}
Object* blit_encoder_described(CommandBuffer* buffer, Selector, Object* object) {
  auto* pass = checked<PassDescriptor>(object, "blitCommandEncoderWithDescriptor:");
  return new_blit_encoder(
      buffer, "blitCommandEncoderWithDescriptor:", pass ? pass->samples() : std::vector<SampleAttachment>());
}

void encode_event(CommandBuffer* buffer, Object* object, uint64_t value, EventCommand::Kind kind,
                  const char* selector) {
  if (!buffer->can_encode(call(selector).c_str())) return;
  auto* event = checked<Event>(object, selector);
  if (!event) return buffer->refuse(ReportKind::kEncoding, call(selector), "event must not be nil.");
  buffer->add(std::make_unique<EventCommand>(kind, event, value));
}
void encode_wait(CommandBuffer* buffer, Selector, Object* event, uint64_t value) {
  encode_event(buffer, event, value, EventCommand::Kind::kWait, "encodeWaitForEvent:value:");
}
void encode_signal(CommandBuffer* buffer, Selector, Object* event, uint64_t value) {
  encode_event(buffer, event, value, EventCommand::Kind::kSignal, "encodeSignalEvent:value:");
}

void push_group(CommandBuffer* buffer, Selector, Object* text) {
  buffer->debug_groups.emplace_back(text_of(text));
}
void pop_group(CommandBuffer* buffer, Selector) {
  if (buffer->debug_groups.empty()) {
    return buffer->refuse(ReportKind::kEncoding, call("popDebugGroup"), "no debug group has been pushed");
  }
  buffer->debug_groups.pop_back();
}

void register_progress() {
  add_method(kClass, "enqueue", enqueue);
  add_method(kClass, "commit", commit);
  add_method(kClass, "waitUntilScheduled", wait_scheduled);
  add_method(kClass, "waitUntilCompleted", wait_completed);
  add_method(kClass, "status", status);
  add_method(kClass, "error", error);
  add_method(kClass, "kernelStartTime", time_of<&CommandBuffer::kernel_start>);
  add_method(kClass, "kernelEndTime", time_of<&CommandBuffer::kernel_end>);
  add_method(kClass, "GPUStartTime", time_of<&CommandBuffer::gpu_start>);
  add_method(kClass, "GPUEndTime", time_of<&CommandBuffer::gpu_end>);
  add_method(kClass, "addScheduledHandler:", add_scheduled);
  add_method(kClass, "addCompletedHandler:", add_completed);
}

}  // namespace

CommandBufferDescriptor::CommandBufferDescriptor() : Object(class_named(kDescriptor)) {}

void register_command_buffer() {
  register_progress();
  add_method(kClass, "computeCommandEncoder", compute_encoder);
  add_method(kClass, "computeCommandEncoderWithDispatchType:", compute_encoder_of_type);
  add_method(kClass, "computeCommandEncoderWithDescriptor:", compute_encoder_described);
  add_method(kClass, "blitCommandEncoder", blit_encoder);
  add_method(kClass, "blitCommandEncoderWithDescriptor:", blit_encoder_described);
  add_method(kClass, "encodeWaitForEvent:value:", encode_wait);
  add_method(kClass, "encodeSignalEvent:value:", encode_signal);
  add_method(kClass, "pushDebugGroup:", push_group);
  add_method(kClass, "popDebugGroup", pop_group);
  add_method(kClass, "logs", +[](CommandBuffer*, Selector) -> Object* { return nullptr; });
  add_getter<&CommandBuffer::retains>(kClass, "retainedReferences");
  add_getter<&CommandBuffer::error_options>(kClass, "errorOptions");
  add_getter<&CommandBuffer::queue>(kClass, "commandQueue");
  add_method(
      kClass, "device",
      +[](CommandBuffer* buffer, Selector) -> Object* { return buffer->queue->device.get(); });
  add_property<&CommandBuffer::label>(kClass, "label", "setLabel:");
  allocate_with<CommandBufferDescriptor>(kDescriptor);
  add_property<&CommandBufferDescriptor::retained_references>(kDescriptor, "retainedReferences",
                                                              "setRetainedReferences:");
  add_property<&CommandBufferDescriptor::error_options>(kDescriptor, "errorOptions", "setErrorOptions:");
}

}  // namespace softmetal
