#include "metal/counters.h"

#include <cstring>

#include "metal/property.h"
#include "metal/validation.h"

namespace softmetal {
namespace {

constexpr char kSet[] = "MTLCounterSet";
constexpr char kCounter[] = "MTLCounter";
constexpr char kDescriptor[] = "MTLCounterSampleBufferDescriptor";
constexpr char kSampleBuffer[] = "MTLCounterSampleBuffer";
constexpr char kTimestampSet[] = "timestamp";
constexpr uint64_t kMostSamples = 4096;  // 32 KiB, as on a Mac
constexpr uint64_t kAtStageBoundary = 0;
enum CounterError : int64_t { kCounterOutOfMemory, kCounterInvalid };

struct Counter : Object {
  Counter() : Object(class_named(kCounter)) {}
  std::string name = "GPUTimestamp";
};

struct CounterSet : Object {
  CounterSet() : Object(class_named(kSet)) {}
  std::string name = kTimestampSet;
};

struct SampleBufferDescriptor : Object {
  SampleBufferDescriptor() : Object(class_named(kDescriptor)) {}
  Ref<CounterSet> set;
  std::string label;
  uint64_t storage = 0, count = 0;
};

class SampleCommand : public Command {
 public:
  SampleCommand(Ref<CounterSampleBuffer> samples, uint64_t index)
      : samples_(std::move(samples)), index_(index) {}
  void run(Execution&) override { samples_->set(index_, now_nanoseconds()); }

 private:
  Ref<CounterSampleBuffer> samples_;
  uint64_t index_;
};

Object* counter_sets(Device*, Selector) {
  Object* set = autoreleased(Ref<CounterSet>::adopt(new CounterSet));
  return autoreleased(Ref<Array>::adopt(new Array({set})));
}

Object* counters_of(CounterSet*, Selector) {
  Object* counter = autoreleased(Ref<Counter>::adopt(new Counter));
  return autoreleased(Ref<Array>::adopt(new Array({counter})));
}

Object* new_sample_buffer(Device* device, Selector, Object* object, Object** error) {
  auto* descriptor = checked<SampleBufferDescriptor>(object, "newCounterSampleBufferWithDescriptor:error:");
  if (!descriptor || !descriptor->set) {
    set_error(error, kCounterDomain, kCounterInvalid, "counterSet must not be nil.");
    return nullptr;
  }
  if (descriptor->count == 0 || descriptor->count > kMostSamples) {
    set_error(error, kCounterDomain, kCounterInvalid,
              "sampleCount(" + std::to_string(descriptor->count) + ") must be from 1 to " +
                  std::to_string(kMostSamples) + ".");
    return nullptr;
  }
  return new CounterSampleBuffer(device, descriptor->count, descriptor->label);
}

void sample_timestamps(Device*, Selector, uint64_t* cpu, uint64_t* gpu) {
  uint64_t now = now_nanoseconds();
  if (cpu) *cpu = now;
  if (gpu) *gpu = now;
}

Object* resolve(CounterSampleBuffer* samples, Selector, IndexRange range) {
  if (range.location > samples->count || range.length > samples->count - range.location) {
    report_refusal(ReportKind::kEncoding, "-[MTLCounterSampleBuffer resolveCounterRange:]",
                   "range (" + std::to_string(range.location) + ", " + std::to_string(range.length) +
                       ") is outside of " + std::to_string(samples->count) + " samples");
    return nullptr;
  }
  std::vector<uint64_t> values = samples->resolve(range);
  auto* begin = reinterpret_cast<const char*>(values.data());
  auto* end = reinterpret_cast<const char*>(values.data() + values.size());
  return autoreleased(Ref<Data>::adopt(new Data({begin, end})));
}

}  // namespace

CounterSampleBuffer::CounterSampleBuffer(Device* device, uint64_t count, std::string label)
    : Object(class_named(kSampleBuffer)),
      device(device),
      count(count),
      label(std::move(label)),
      samples_(count) {}

void CounterSampleBuffer::set(uint64_t index, uint64_t nanoseconds) {
  std::lock_guard lock(mutex_);
  samples_[index] = nanoseconds;
}

std::vector<uint64_t> CounterSampleBuffer::resolve(IndexRange range) {
  std::lock_guard lock(mutex_);
  auto first = samples_.begin() + static_cast<ptrdiff_t>(range.location);
  return {first, first + static_cast<ptrdiff_t>(range.length)};
}

void encode_samples(CommandBuffer& buffer, const std::vector<SampleAttachment>& attachments,
                    SampleMoment moment) {
  for (const SampleAttachment& attachment : attachments) {
    uint64_t index = moment == SampleMoment::kStart ? attachment.start : attachment.end;
    if (index == SampleAttachment::kDontSample) continue;
    if (index >= attachment.samples->count) {
      buffer.refuse(ReportKind::kEncoding, "-[MTLCommandBuffer computeCommandEncoderWithDescriptor:]",
                    "sample index(" + std::to_string(index) + ") must be < " +
                        std::to_string(attachment.samples->count) + ".");
      continue;
    }
    buffer.add(std::make_unique<SampleCommand>(attachment.samples, index));
  }
}

void register_counters() {
  add_method("MTLDevice", "counterSets", counter_sets);
  add_method("MTLDevice", "newCounterSampleBufferWithDescriptor:error:", new_sample_buffer);
  add_method("MTLDevice", "sampleTimestamps:gpuTimestamp:", sample_timestamps);
  add_method(
      "MTLDevice", "supportsCounterSampling:", +[](Device*, Selector, uint64_t point) {
        return point == kAtStageBoundary;
      });
  add_getter<&CounterSet::name>(kSet, "name");
  add_method(kSet, "counters", counters_of);
  add_getter<&Counter::name>(kCounter, "name");
  allocate_with<SampleBufferDescriptor>(kDescriptor);
  add_property<&SampleBufferDescriptor::set>(kDescriptor, "counterSet", "setCounterSet:");
  add_property<&SampleBufferDescriptor::label>(kDescriptor, "label", "setLabel:");
  add_property<&SampleBufferDescriptor::storage>(kDescriptor, "storageMode", "setStorageMode:");
  add_property<&SampleBufferDescriptor::count>(kDescriptor, "sampleCount", "setSampleCount:");
  add_method(kSampleBuffer, "resolveCounterRange:", resolve);
  add_getter<&CounterSampleBuffer::count>(kSampleBuffer, "sampleCount");
  add_getter<&CounterSampleBuffer::label>(kSampleBuffer, "label");
  add_getter<&CounterSampleBuffer::device>(kSampleBuffer, "device");
}

}  // namespace softmetal
