// Buffers and heaps.
#include <cstdlib>

#include "client.h"

using namespace client;

namespace {

constexpr NSUInteger kPage = 16384;

Owned no_copy(Gpu& gpu, void* pointer, NSUInteger length, const void* deallocator = nullptr) {
  return Owned(send<id>(gpu.device.get(), "newBufferWithBytesNoCopy:length:options:deallocator:", pointer,
                        length, NSUInteger{0}, deallocator));
}

TEST("a shared buffer knows its length, modes and label") {
  Gpu gpu;
  Pool pool;
  Owned buffer = gpu.buffer(100, kShared | 1);
  CHECK_EQUAL(send<NSUInteger>(buffer.get(), "length"), 100u);
  CHECK_EQUAL(send<NSUInteger>(buffer.get(), "storageMode"), 0u);
  CHECK_EQUAL(send<NSUInteger>(buffer.get(), "cpuCacheMode"), 1u);
  CHECK_EQUAL(send<NSUInteger>(buffer.get(), "hazardTrackingMode"), 2u);
  CHECK_EQUAL(send<NSUInteger>(buffer.get(), "resourceOptions"), 1u);
  CHECK(send<NSUInteger>(buffer.get(), "gpuAddress") != 0);
  CHECK(send<id>(buffer.get(), "label") == nil);
  send<void>(buffer.get(), "setLabel:", string("weights"));
  CHECK_EQUAL(text(send<id>(buffer.get(), "label")), "weights");
  CHECK(send<id>(buffer.get(), "device") == gpu.device.get());
}

TEST("a private buffer has no contents for the host, but the device copies through it") {
  Gpu gpu;
  Pool pool;
  Owned source = gpu.buffer_of(std::vector<int>{1, 2, 3, 4}), hidden = gpu.buffer(16, kPrivate),
        target = gpu.buffer(16);
  CHECK(contents<int>(hidden) == nullptr);
  id buffer = gpu.command_buffer();
  id blit = send<id>(buffer, "blitCommandEncoder");
  send<void>(blit, "copyFromBuffer:sourceOffset:toBuffer:destinationOffset:size:", source.get(),
             NSUInteger{0}, hidden.get(), NSUInteger{0}, NSUInteger{16});
  send<void>(blit, "copyFromBuffer:sourceOffset:toBuffer:destinationOffset:size:", hidden.get(),
             NSUInteger{0}, target.get(), NSUInteger{0}, NSUInteger{16});
  send<void>(blit, "endEncoding");
  CHECK(gpu.finish(buffer));
  CHECK_EQUAL(contents<int>(target)[3], 4);
}

TEST("lengths that Metal refuses give nil and a report") {
  Gpu gpu;
  take_reports();
  CHECK(!gpu.buffer(0));
  CHECK_CONTAINS(take_reports(), "Cannot create buffer of zero length.");
  CHECK(!gpu.buffer(send<NSUInteger>(gpu.device.get(), "maxBufferLength") + 1));
  CHECK_CONTAINS(take_reports(), "maxBufferLength");
  CHECK(!gpu.buffer(16, 48));  // memoryless
  CHECK_CONTAINS(take_reports(), "memoryless");
  std::vector<int> values = {1};
  CHECK(!Owned(send<id>(gpu.device.get(), "newBufferWithBytes:length:options:",
                        static_cast<const void*>(values.data()), NSUInteger{4}, NSUInteger{kPrivate})));
  CHECK_CONTAINS(take_reports(), "storage mode private");
}

TEST("newBufferWithBytesNoCopy wants pages of 16 KiB") {
  Gpu gpu;
  auto* memory = static_cast<char*>(std::aligned_alloc(kPage, 2 * kPage));
  take_reports();
  CHECK(!no_copy(gpu, memory + 4096, kPage));
  CHECK_CONTAINS(take_reports(), "is not 16384 byte aligned");
  CHECK(!no_copy(gpu, memory, 4096));
  CHECK_CONTAINS(take_reports(), "is not a multiple of 16384");
  CHECK(!no_copy(gpu, nullptr, kPage));
  take_reports();
  Owned buffer = no_copy(gpu, memory, kPage);
  CHECK(contents<char>(buffer) == memory);
  CHECK_EQUAL(take_reports(), "[]");
  buffer = Owned();
  std::free(memory);
}

TEST("the deallocator of a NoCopy buffer is called once, with its memory") {
  Gpu gpu;
  void* memory = std::aligned_alloc(kPage, kPage);
  int calls = 0;
  void* given = nullptr;
  NSUInteger length = 0;
  with_block<void*, NSUInteger>(
      "v24@?0^v8Q16",
      [&](void* pointer, NSUInteger bytes) {
        ++calls;
        given = pointer;
        length = bytes;
      },
      [&](const void* block) {
        Owned buffer = no_copy(gpu, memory, kPage, block);
        CHECK(bool(buffer));
        CHECK_EQUAL(calls, 0);
      });
  CHECK_EQUAL(calls, 1);
  CHECK(given == memory);
  CHECK_EQUAL(length, kPage);
  std::free(memory);
}

TEST("a block of another signature is refused") {
  Gpu gpu;
  void* memory = std::aligned_alloc(kPage, kPage);
  take_reports();
  with_block<id>(
      "v16@?0@8", [](id) {}, [&](const void* block) { CHECK(!no_copy(gpu, memory, kPage, block)); });
  CHECK_CONTAINS(take_reports(), "object");
  std::free(memory);
}

TEST("didModifyRange is for managed buffers and stays inside") {
  Gpu gpu;
  take_reports();
  send<void>(gpu.buffer(16, kManaged).get(), "didModifyRange:", Range{0, 16});
  CHECK_EQUAL(take_reports(), "[]");
  send<void>(gpu.buffer(16, kManaged).get(), "didModifyRange:", Range{8, 16});
  CHECK_CONTAINS(take_reports(), "outside the buffer");
  send<void>(gpu.buffer(16).get(), "didModifyRange:", Range{0, 16});
  CHECK_CONTAINS(take_reports(), "managed");
}

TEST("the device counts what it has handed out") {
  Gpu gpu;
  NSUInteger before = send<NSUInteger>(gpu.device.get(), "currentAllocatedSize");
  {
    Owned buffer = gpu.buffer(4096);
    CHECK_EQUAL(send<NSUInteger>(gpu.device.get(), "currentAllocatedSize"), before + 4096);
  }
  CHECK_EQUAL(send<NSUInteger>(gpu.device.get(), "currentAllocatedSize"), before);
}

TEST("an injected fault makes the n-th allocation fail") {
  Gpu gpu;
  CHECK_EQUAL(softmetal_inject("allocate", 2, 2), 0);
  CHECK(bool(gpu.buffer(16)));
  CHECK(!gpu.buffer(16));
  CHECK(!gpu.buffer_of(std::vector<int>{1}));
  CHECK(bool(gpu.buffer(16)));
  softmetal_clear_faults();
}

TEST("a heap gives buffers until it is full") {
  Gpu gpu;
  Owned descriptor(make("MTLHeapDescriptor"));
  send<void>(descriptor.get(), "setSize:", NSUInteger{1024});
  send<void>(descriptor.get(), "setStorageMode:", NSUInteger{0});
  Owned heap(send<id>(gpu.device.get(), "newHeapWithDescriptor:", descriptor.get()));
  CHECK_EQUAL(send<NSUInteger>(heap.get(), "maxAvailableSizeWithAlignment:", NSUInteger{256}), 1024u);
  Owned first(send<id>(heap.get(), "newBufferWithLength:options:", NSUInteger{768}, NSUInteger{0}));
  CHECK_EQUAL(send<NSUInteger>(first.get(), "hazardTrackingMode"), 1u);
  CHECK(send<id>(first.get(), "heap") == heap.get());
  CHECK(!Owned(send<id>(heap.get(), "newBufferWithLength:options:", NSUInteger{512}, NSUInteger{0})));
  first = Owned();
  CHECK(bool(Owned(send<id>(heap.get(), "newBufferWithLength:options:", NSUInteger{512}, NSUInteger{0}))));
}

}  // namespace
