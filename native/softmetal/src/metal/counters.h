// Counter sets and sample buffers: the one counter is the time stamp, taken where an encoder starts or ends.
#pragma once

#include <cstdint>
#include <mutex>
#include <string>
#include <vector>

#include "metal/command_buffer.h"

namespace softmetal {

struct CounterSampleBuffer : Object {
  CounterSampleBuffer(Device* device, uint64_t count, std::string label);
  void set(uint64_t index, uint64_t nanoseconds);
  // 8 bytes for each of `range`; it must lie inside.
  std::vector<uint64_t> resolve(IndexRange range);

  Ref<Device> device;
  const uint64_t count;
  std::string label;

 private:
  std::mutex mutex_;
  std::vector<uint64_t> samples_;
};

// Of a compute or blit pass. An index that the client left alone takes no sample.
struct SampleAttachment {
  static constexpr uint64_t kDontSample = ~uint64_t(0);
  Ref<CounterSampleBuffer> samples;
  uint64_t start = 0, end = 1;
};

enum class SampleMoment { kStart, kEnd };
void encode_samples(CommandBuffer& buffer, const std::vector<SampleAttachment>& attachments,
                    SampleMoment moment);

// MTLComputePassDescriptor and MTLBlitPassDescriptor.
struct SampleAttachmentObject : Object {
  SampleAttachmentObject();
  SampleAttachment attachment;
};
struct PassDescriptor : Object {
  explicit PassDescriptor(const char* class_name);
  std::vector<SampleAttachment> samples() const;

  DispatchType dispatch_type = DispatchType::kSerial;
  std::vector<Ref<SampleAttachmentObject>> attachments;
};

void register_counters();
void register_passes();

}  // namespace softmetal
