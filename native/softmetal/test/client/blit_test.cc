// The blit encoder, and time stamps of encoders.
#include "client.h"

using namespace client;

namespace {

struct Fixture {
  Gpu gpu;
  Owned from = gpu.buffer_of(std::vector<int>{1, 2, 3, 4}), to = gpu.buffer_of(std::vector<int>{0, 0, 0, 0});
  Fixture() { take_reports(); }

  bool blit(std::function<void(id)> encode) {
    Pool pool;
    id buffer = gpu.command_buffer();
    id encoder = send<id>(buffer, "blitCommandEncoder");
    encode(encoder);
    send<void>(encoder, "endEncoding");
    return gpu.finish(buffer);
  }
  std::function<void(id)> copy(const Owned& target, NSUInteger at, NSUInteger offset, NSUInteger size) {
    id source = from.get(), destination = target.get();
    return [=](id encoder) {
      send<void>(encoder, "copyFromBuffer:sourceOffset:toBuffer:destinationOffset:size:", source, at,
                 destination, offset, size);
    };
  }
};

Owned new_samples(Gpu& gpu, NSUInteger count) {
  Pool pool;
  Owned descriptor(make("MTLCounterSampleBufferDescriptor"));
  id sets = send<id>(gpu.device.get(), "counterSets");
  send<void>(descriptor.get(), "setCounterSet:", send<id>(sets, "objectAtIndex:", NSUInteger{0}));
  send<void>(descriptor.get(), "setSampleCount:", count);
  id problem = nil;
  Owned samples(
      send<id>(gpu.device.get(), "newCounterSampleBufferWithDescriptor:error:", descriptor.get(), &problem));
  if (!samples) gpu.keep_error(problem);
  return samples;
}

TEST("copies and fills reach their ranges and no more") {
  Fixture t;
  CHECK(t.blit(t.copy(t.to, 4, 8, 8)));
  CHECK_EQUAL(contents<int>(t.to)[1], 0);
  CHECK_EQUAL(contents<int>(t.to)[2], 2);
  CHECK_EQUAL(contents<int>(t.to)[3], 3);
  CHECK(t.blit([&](id encoder) {
    send<void>(encoder, "fillBuffer:range:value:", t.to.get(), Range{4, 4}, exactly<uint8_t>(0x11));
  }));
  CHECK_EQUAL(contents<int>(t.to)[1], 0x11111111);
  CHECK_EQUAL(contents<int>(t.to)[2], 2);
  CHECK_EQUAL(take_reports(), "[]");
}

TEST("a buffer may be copied into itself right beside the source") {
  Fixture t;
  CHECK(t.blit(t.copy(t.from, 0, 8, 8)));
  CHECK_EQUAL(contents<int>(t.from)[2], 1);
  CHECK_EQUAL(contents<int>(t.from)[3], 2);
  CHECK(t.blit(t.copy(t.from, 12, 8, 4)));
  CHECK_EQUAL(contents<int>(t.from)[2], 2);
  CHECK_EQUAL(take_reports(), "[]");
}

TEST("ranges outside a buffer, empty or overlapping ones, and nil are refused") {
  Fixture t;
  CHECK(!t.blit(t.copy(t.to, 12, 0, 8)));
  CHECK_CONTAINS(t.gpu.error, "sourceBuffer: (offset(12) + size(8)) must be <= length(16).");
  CHECK(!t.blit(t.copy(t.to, 0, 12, 8)));
  CHECK_CONTAINS(t.gpu.error, "destinationBuffer");
  CHECK(!t.blit(t.copy(t.to, 0, 0, 0)));
  CHECK_CONTAINS(t.gpu.error, "size must not be 0");
  CHECK(!t.blit(t.copy(t.from, 0, 4, 8)));
  CHECK_CONTAINS(t.gpu.error, "must not overlap");
  CHECK(!t.blit(t.copy(Owned(), 0, 0, 4)));
  CHECK_CONTAINS(t.gpu.error, "destinationBuffer must not be nil.");
  CHECK(!t.blit([&](id encoder) {
    send<void>(encoder, "fillBuffer:range:value:", t.to.get(), Range{8, 12}, exactly<uint8_t>(1));
  }));
  CHECK_CONTAINS(t.gpu.error, "must be <= length(16)");
  CHECK_EQUAL(contents<int>(t.to)[2], 0);
}

TEST("synchronizeResource is for managed buffers") {
  Fixture t;
  Owned managed = t.gpu.buffer(16, kManaged);
  CHECK(t.blit([&](id encoder) { send<void>(encoder, "synchronizeResource:", managed.get()); }));
  CHECK(!t.blit([&](id encoder) { send<void>(encoder, "synchronizeResource:", t.to.get()); }));
  CHECK_CONTAINS(t.gpu.error, "managed");
}

TEST("an encoder's start and end are time stamps in a sample buffer") {
  Fixture t;
  Pool pool;
  Owned samples = new_samples(t.gpu, 4);
  id pass = send<id>(softmetal::objc::class_named("MTLComputePassDescriptor"), "computePassDescriptor");
  id attachment =
      send<id>(send<id>(pass, "sampleBufferAttachments"), "objectAtIndexedSubscript:", NSUInteger{0});
  send<void>(attachment, "setSampleBuffer:", samples.get());
  send<void>(attachment, "setStartOfEncoderSampleIndex:", NSUInteger{1});
  send<void>(attachment, "setEndOfEncoderSampleIndex:", NSUInteger{2});
  id buffer = t.gpu.command_buffer();
  uint64_t before = 0, after = 0, gpu_time = 0;
  send<void>(t.gpu.device.get(), "sampleTimestamps:gpuTimestamp:", &before, &gpu_time);
  id encoder = send<id>(buffer, "computeCommandEncoderWithDescriptor:", pass);
  send<void>(encoder, "endEncoding");
  CHECK(t.gpu.finish(buffer));
  send<void>(t.gpu.device.get(), "sampleTimestamps:gpuTimestamp:", &after, &gpu_time);
  id data = send<id>(samples.get(), "resolveCounterRange:", Range{1, 2});
  CHECK_EQUAL(send<NSUInteger>(data, "length"), 16u);
  auto* stamps = static_cast<const uint64_t*>(send<const void*>(data, "bytes"));
  CHECK(before <= stamps[0] && stamps[0] <= stamps[1] && stamps[1] <= after);
  Owned resolved = t.gpu.buffer(16);
  CHECK(t.blit([&](id blit) {
    send<void>(blit, "resolveCounters:inRange:destinationBuffer:destinationOffset:", samples.get(),
               Range{2, 1}, resolved.get(), NSUInteger{8});
  }));
  CHECK_EQUAL(contents<uint64_t>(resolved)[1], stamps[1]);
}

TEST("only the ends of an encoder can be sampled, as on an Apple GPU") {
  Fixture t;
  CHECK(send<bool>(t.gpu.device.get(), "supportsCounterSampling:", NSUInteger{0}));
  CHECK(!send<bool>(t.gpu.device.get(), "supportsCounterSampling:", NSUInteger{2}));
  Owned samples = new_samples(t.gpu, 1);
  CHECK(!t.blit([&](id encoder) {
    send<void>(encoder, "sampleCountersInBuffer:atSampleIndex:withBarrier:", samples.get(), NSUInteger{0},
               false);
  }));
  CHECK_CONTAINS(t.gpu.error, "sampleBufferAttachments");
}

TEST("sample buffers have a size, and ranges stay inside") {
  Fixture t;
  CHECK(!new_samples(t.gpu, 0));
  CHECK_EQUAL(t.gpu.domain, "MTLCounterErrorDomain");
  CHECK(!new_samples(t.gpu, 4097));
  Pool pool;
  CHECK(send<id>(new_samples(t.gpu, 2).get(), "resolveCounterRange:", Range{1, 2}) == nil);
  CHECK_CONTAINS(take_reports(), "outside of 2 samples");
}

}  // namespace
