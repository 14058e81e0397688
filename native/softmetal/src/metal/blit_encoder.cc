#include "metal/blit_encoder.h"

#include <cstring>

#include "metal/event.h"
#include "metal/property.h"

namespace softmetal {
namespace {

constexpr char kClass[] = "MTLBlitCommandEncoder";

class CopyCommand : public Command {
 public:
  CopyCommand(Use source, Use target, uint64_t size, std::shared_ptr<EncoderOrder> order)
      : source_(std::move(source)), target_(std::move(target)), size_(size), order_(std::move(order)) {}
  void run(Execution& execution) override {
    if (source_.dangles()) return execution.fail_dangling(source_, "copyFromBuffer:");
    if (target_.dangles()) return execution.fail_dangling(target_, "copyFromBuffer:");
    execution.buffer.queue->order_history.enter(order_);
    std::memcpy(target_.address(), source_.address(), size_);
  }

 private:
  Use source_, target_;
  uint64_t size_;
  std::shared_ptr<EncoderOrder> order_;
};

class FillCommand : public Command {
 public:
  FillCommand(Use target, uint64_t size, uint8_t value, std::shared_ptr<EncoderOrder> order)
      : target_(std::move(target)), size_(size), value_(value), order_(std::move(order)) {}
  void run(Execution& execution) override {
    if (target_.dangles()) return execution.fail_dangling(target_, "fillBuffer:range:value:");
    execution.buffer.queue->order_history.enter(order_);
    std::memset(target_.address(), value_, size_);
  }

 private:
  Use target_;
  uint64_t size_;
  uint8_t value_;
  std::shared_ptr<EncoderOrder> order_;
};

class ResolveCommand : public Command {
 public:
  ResolveCommand(Ref<CounterSampleBuffer> samples, IndexRange range, Use target)
      : samples_(std::move(samples)), range_(range), target_(std::move(target)) {}
  void run(Execution& execution) override {
    if (target_.dangles()) return execution.fail_dangling(target_, "resolveCounters:");
    std::vector<uint64_t> values = samples_->resolve(range_);
    std::memcpy(target_.address(), values.data(), values.size() * sizeof values[0]);
  }

 private:
  Ref<CounterSampleBuffer> samples_;
  IndexRange range_;
  Use target_;
};

void copy(BlitEncoder* encoder, Selector, Object* from, uint64_t from_offset, Object* to, uint64_t to_offset,
          uint64_t size) {
  const char* selector = "copyFromBuffer:sourceOffset:toBuffer:destinationOffset:size:";
  if (!encoder->is_open(selector)) return;
  auto *source = checked<Buffer>(from, selector), *target = checked<Buffer>(to, selector);
  if (!encoder->covers(selector, "sourceBuffer", source, from_offset, size)) return;
  if (!encoder->covers(selector, "destinationBuffer", target, to_offset, size)) return;
  if (size == 0) return encoder->refuse(ReportKind::kEncoding, selector, "size must not be 0.");
  bool overlap = source == target && from_offset < to_offset + size && to_offset < from_offset + size;
  if (overlap)
    return encoder->refuse(ReportKind::kEncoding, selector, "the ranges of a copy must not overlap");
  encoder->order->note(*source, false);
  encoder->order->note(*target, true);
  CommandBuffer& buffer = *encoder->buffer;
  buffer.add(std::make_unique<CopyCommand>(buffer.use(source, from_offset), buffer.use(target, to_offset),
                                           size, encoder->order));
}

void fill(BlitEncoder* encoder, Selector, Object* object, IndexRange range, uint8_t value) {
  const char* selector = "fillBuffer:range:value:";
  if (!encoder->is_open(selector)) return;
  auto* target = checked<Buffer>(object, selector);
  if (!encoder->covers(selector, "buffer", target, range.location, range.length)) return;
  if (range.length == 0)
    return encoder->refuse(ReportKind::kEncoding, selector, "range.length must not be 0.");
  encoder->order->note(*target, true);
  encoder->buffer->add(std::make_unique<FillCommand>(encoder->buffer->use(target, range.location),
                                                     range.length, value, encoder->order));
}

// Host and device see the same bytes here, so there is nothing to do once the call is known to be right.
void synchronize(BlitEncoder* encoder, Selector, Object* object) {
  const char* selector = "synchronizeResource:";
  if (!encoder->is_open(selector)) return;
  auto* buffer = checked<Buffer>(object, selector);
  if (buffer && buffer->options.storage() == StorageMode::kManaged) return;
  encoder->refuse(ReportKind::kEncoding, selector, "only applies to a buffer of storage mode managed");
}

void resolve(BlitEncoder* encoder, Selector, Object* object, IndexRange range, Object* to, uint64_t offset) {
  const char* selector = "resolveCounters:inRange:destinationBuffer:destinationOffset:";
  if (!encoder->is_open(selector)) return;
  auto* samples = checked<CounterSampleBuffer>(object, selector);
  auto* target = checked<Buffer>(to, selector);
  bool inside =
      samples && range.location <= samples->count && range.length <= samples->count - range.location;
  if (!inside)
    return encoder->refuse(ReportKind::kEncoding, selector, "the range is outside the sample buffer");
  if (!encoder->covers(selector, "destinationBuffer", target, offset, range.length * sizeof(uint64_t)))
    return;
  encoder->order->note(*target, true);
  encoder->buffer->add(
      std::make_unique<ResolveCommand>(samples, range, encoder->buffer->use(target, offset)));
}

void sample_counters(BlitEncoder* encoder, Selector, Object*, uint64_t, bool) {
  encoder->refuse(ReportKind::kEncoding, "sampleCountersInBuffer:atSampleIndex:withBarrier:",
                  "the device does not support counter sampling at blit boundaries: use "
                  "sampleBufferAttachments of MTLBlitPassDescriptor");
}

void update_fence(BlitEncoder* encoder, Selector, Object* object) {
  if (!encoder->is_open("updateFence:")) return;
  if (auto* fence = checked<Fence>(object, "updateFence:"))
    encoder->order->updates.insert(fence->identity.get());
}

void wait_for_fence(BlitEncoder* encoder, Selector, Object* object) {
  if (!encoder->is_open("waitForFence:")) return;
  if (auto* fence = checked<Fence>(object, "waitForFence:"))
    encoder->order->waits.insert(fence->identity.get());
}

}  // namespace

BlitEncoder::BlitEncoder(CommandBuffer* buffer, std::vector<SampleAttachment> samples)
    : CommandEncoder(kClass, buffer), samples(std::move(samples)) {
  encode_samples(*buffer, this->samples, SampleMoment::kStart);
}

void BlitEncoder::encode_end() { encode_samples(*buffer, samples, SampleMoment::kEnd); }

void register_blit_encoder() {
  register_encoder(kClass);
  add_method(kClass, "copyFromBuffer:sourceOffset:toBuffer:destinationOffset:size:", copy);
  add_method(kClass, "fillBuffer:range:value:", fill);
  add_method(kClass, "synchronizeResource:", synchronize);
  add_method(kClass, "resolveCounters:inRange:destinationBuffer:destinationOffset:", resolve);
  add_method(kClass, "sampleCountersInBuffer:atSampleIndex:withBarrier:", sample_counters);
  add_method(kClass, "updateFence:", update_fence);
  add_method(kClass, "waitForFence:", wait_for_fence);
}

}  // namespace softmetal
