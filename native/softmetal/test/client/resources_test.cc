// Resources that no argument names, heaps, queues and encoders made from descriptors, debug groups.
#include "client.h"

using namespace client;

namespace {

constexpr char kKernels[] = R"(
struct Table { device int* values; };
kernel void through(constant Table& table [[buffer(0)]], uint i [[thread_position_in_grid]]) {
  table.values[i] = int(i) + 1;
}
kernel void add(device int* x [[buffer(0)]], uint i [[thread_position_in_grid]]) { x[i] += 1; }
)";

struct Fixture {
  Setting validate{"validate", "1"};
  Gpu gpu;
  Owned library = gpu.library(kKernels);
  Owned through = gpu.pipeline(gpu.function(library, "through")),
        add = gpu.pipeline(gpu.function(library, "add"));
  Owned x = gpu.buffer(16);
  Fixture() { take_reports(); }

  bool encode(id buffer, id encoder, const std::function<void(id)>& encode) {
    encode(encoder);
    send<void>(encoder, "endEncoding");
    return gpu.finish(buffer);
  }
  bool in_encoder(const std::function<void(id)>& body) {
    Pool pool;
    id buffer = gpu.command_buffer();
    return encode(buffer, send<id>(buffer, "computeCommandEncoder"), body);
  }
};

TEST("a buffer reached by its address must be made resident") {
  Fixture fixture;
  uint64_t table = send<uint64_t>(fixture.x.get(), "gpuAddress");
  auto run = [&](auto make_resident) {
    std::memset(contents<int>(fixture.x), 0, 16);
    return fixture.in_encoder([&](id encoder) {
      make_resident(encoder);
      dispatch(encoder, fixture.through, {bytes(0, table)}, {1}, {4});
    });
  };
  constexpr NSUInteger kRead = 1, kWrite = 2;
  CHECK(run([&](id encoder) { send<void>(encoder, "useResource:usage:", fixture.x.get(), kRead | kWrite); }));
  CHECK_EQUAL(contents<int>(fixture.x)[3], 4);
  CHECK(run([&](id encoder) {
    id all[] = {fixture.x.get()};
    send<void>(encoder, "useResources:count:usage:", static_cast<const id*>(all), NSUInteger{1},
               kRead | kWrite);
  }));
  CHECK_EQUAL(contents<int>(fixture.x)[3], 4);
  CHECK_EQUAL(take_reports(), "[]");
  CHECK(!run([](id) {}));
  CHECK_EQUAL(contents<int>(fixture.x)[3], 0);
  CHECK_CONTAINS(take_reports(), "\"out-of-bounds\"");
}

TEST("memoryBarrierWithResources: orders the dispatches of a concurrent encoder") {
  Fixture fixture;
  for (bool barrier : {true, false}) {
    Pool pool;
    Owned pass(send<id>(send<id>(softmetal::objc::class_named("MTLComputePassDescriptor"), "alloc"), "init"));
    CHECK_EQUAL(send<NSUInteger>(pass.get(), "dispatchType"), NSUInteger{0});
    send<void>(pass.get(), "setDispatchType:", NSUInteger{1});
    id buffer = fixture.gpu.command_buffer();
    id encoder = send<id>(buffer, "computeCommandEncoderWithDescriptor:", pass.get());
    CHECK_EQUAL(send<NSUInteger>(encoder, "dispatchType"), NSUInteger{1});
    bool finished = fixture.encode(buffer, encoder, [&](id encoder) {
      dispatch(encoder, fixture.add, {bind(0, fixture.x)}, {1}, {4});
      id all[] = {fixture.x.get()};
      if (barrier)
        send<void>(encoder, "memoryBarrierWithResources:count:", static_cast<const id*>(all), NSUInteger{1});
      dispatch(encoder, fixture.add, {bind(0, fixture.x)}, {1}, {4});
    });
    CHECK_EQUAL(finished, barrier);
    CHECK_EQUAL(take_reports().find("\"grid-race\"") == std::string::npos, barrier);
  }
}

TEST("a heap accounts for its buffers") {
  Pool pool;
  Fixture fixture;
  id device = fixture.gpu.device.get();
  Owned descriptor(make("MTLHeapDescriptor"));
  send<void>(descriptor.get(), "setSize:", NSUInteger{1 << 20});
  send<void>(descriptor.get(), "setResourceOptions:", kUntracked | 1);  // shared, write combined
  CHECK_EQUAL(send<NSUInteger>(descriptor.get(), "cpuCacheMode"), NSUInteger{1});
  CHECK_EQUAL(send<NSUInteger>(descriptor.get(), "hazardTrackingMode"), NSUInteger{1});
  send<void>(descriptor.get(), "setCpuCacheMode:", NSUInteger{0});
  send<void>(descriptor.get(), "setHazardTrackingMode:", NSUInteger{2});
  CHECK_EQUAL(send<NSUInteger>(descriptor.get(), "resourceOptions"), NSUInteger{512});
  Owned heap(send<id>(device, "newHeapWithDescriptor:", descriptor.get()));
  CHECK_EQUAL(send<NSUInteger>(heap.get(), "size"), NSUInteger{1 << 20});
  CHECK_EQUAL(send<NSUInteger>(heap.get(), "usedSize"), NSUInteger{0});
  struct SizeAndAlign {
    NSUInteger size, align;
  } needs =
      send<SizeAndAlign>(device, "heapBufferSizeAndAlignWithLength:options:", NSUInteger{100}, NSUInteger{0});
  CHECK(needs.size >= 100 && needs.align > 0 && needs.size % needs.align == 0);
  {
    Owned buffer(send<id>(heap.get(), "newBufferWithLength:options:", NSUInteger{100}, NSUInteger{0}));
    CHECK_EQUAL(send<NSUInteger>(heap.get(), "usedSize"), needs.size);
    CHECK(send<NSUInteger>(buffer.get(), "allocatedSize") >= 100);
    CHECK_EQUAL(send<NSUInteger>(buffer.get(), "setPurgeableState:", NSUInteger{1}), NSUInteger{2});
  }
  CHECK_EQUAL(send<NSUInteger>(heap.get(), "usedSize"), NSUInteger{0});
  CHECK_EQUAL(send<NSUInteger>(heap.get(), "setPurgeableState:", NSUInteger{1}), NSUInteger{2});
  CHECK_EQUAL(take_reports(), "[]");
  send<void>(descriptor.get(), "setType:", NSUInteger{1});  // placement
  CHECK(send<id>(device, "newHeapWithDescriptor:", descriptor.get()) == nil);
  CHECK_CONTAINS(take_reports(), "\"unsupported\"");
}

TEST("queues and command buffers from descriptors") {
  Pool pool;
  Fixture fixture;
  Owned descriptor(make("MTLCommandQueueDescriptor"));
  send<void>(descriptor.get(), "setMaxCommandBufferCount:", NSUInteger{1});
  CHECK_EQUAL(send<NSUInteger>(descriptor.get(), "maxCommandBufferCount"), NSUInteger{1});
  Owned queue(send<id>(fixture.gpu.device.get(), "newCommandQueueWithDescriptor:", descriptor.get()));
  Owned asked(make("MTLCommandBufferDescriptor"));
  send<void>(asked.get(), "setErrorOptions:", NSUInteger{1});
  send<void>(asked.get(), "setRetainedReferences:", false);
  id buffer = send<id>(queue.get(), "commandBufferWithDescriptor:", asked.get());
  CHECK(send<id>(buffer, "commandQueue") == queue.get());
  CHECK_EQUAL(send<NSUInteger>(buffer, "errorOptions"), NSUInteger{1});
  CHECK(!send<bool>(buffer, "retainedReferences"));
  CHECK(send<id>(queue.get(), "commandBuffer") == nil);  // the one that the queue may have exists
  CHECK_CONTAINS(take_reports(), "\"encoding\"");
  send<void>(buffer, "commit");
  send<void>(buffer, "waitUntilScheduled");
  CHECK(send<NSUInteger>(buffer, "status") >= NSUInteger{kScheduled});
  send<void>(buffer, "waitUntilCompleted");
  CHECK_EQUAL(send<NSUInteger>(buffer, "status"), NSUInteger{kCompleted});
}

TEST("debug groups are popped as often as they were pushed") {
  Fixture fixture;
  CHECK(fixture.in_encoder([](id encoder) {
    send<void>(encoder, "pushDebugGroup:", string("group"));
    send<void>(encoder, "insertDebugSignpost:", string("here"));
    send<void>(encoder, "popDebugGroup");
  }));
  CHECK_EQUAL(take_reports(), "[]");
  CHECK(!fixture.in_encoder([](id encoder) { send<void>(encoder, "popDebugGroup"); }));
  CHECK_CONTAINS(take_reports(), "no debug group has been pushed");
  Pool pool;
  id buffer = fixture.gpu.command_buffer();
  send<void>(buffer, "pushDebugGroup:", string("group"));
  send<void>(buffer, "popDebugGroup");
  id blit = send<id>(softmetal::objc::class_named("MTLBlitPassDescriptor"), "blitPassDescriptor");
  send<void>(send<id>(buffer, "blitCommandEncoderWithDescriptor:", blit), "endEncoding");
  CHECK(fixture.gpu.finish(buffer));
}

}  // namespace
