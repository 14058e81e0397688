// Conflicts between dispatches that nothing orders, found in validate mode.
#include "client.h"

using namespace client;

namespace {

constexpr char kKernels[] = R"(
kernel void write(device int* x [[buffer(0)]], uint i [[thread_position_in_grid]]) { x[i] = int(i); }
kernel void read(device int* y [[buffer(0)]], device const int* x [[buffer(1)]],
                 uint i [[thread_position_in_grid]]) { y[i] = x[i]; }
)";

struct Fixture {
  Setting validate{"validate", "1"};
  Gpu gpu;
  Owned library = gpu.library(kKernels);
  Owned write = gpu.pipeline(gpu.function(library, "write")),
        read = gpu.pipeline(gpu.function(library, "read"));
  Owned fence{send<id>(gpu.device.get(), "newFence")};
  Owned y = gpu.buffer(64);
  Fixture() { take_reports(); }

  // Writes x in one encoder and reads it in another.
  bool run(NSUInteger options, bool fenced, bool two_buffers = false) {
    Pool pool;
    Owned x = gpu.buffer(64, options);
    id buffer = gpu.command_buffer();
    id first = send<id>(buffer, "computeCommandEncoder");
    dispatch(first, write, {bind(0, x)}, {4}, {4});
    if (fenced) send<void>(first, "updateFence:", fence.get());
    send<void>(first, "endEncoding");
    if (two_buffers) {
      CHECK(gpu.finish(buffer));
      buffer = gpu.command_buffer();
    }
    id second = send<id>(buffer, "computeCommandEncoder");
    if (fenced) send<void>(second, "waitForFence:", fence.get());
    dispatch(second, read, {bind(0, y), bind(1, x)}, {4}, {4});
    send<void>(second, "endEncoding");
    return gpu.finish(buffer);
  }
};

TEST("tracked buffers are ordered between encoders") {
  Fixture t;
  CHECK(t.run(kShared, false));
  CHECK_EQUAL(take_reports(), "[]");
}

TEST("an untracked buffer without a fence is a race") {
  Fixture t;
  CHECK(!t.run(kUntracked, false));
  CHECK_CONTAINS(take_reports(), "grid-race");
}

TEST("a fence orders an untracked buffer") {
  Fixture t;
  CHECK(t.run(kUntracked, true));
  CHECK_EQUAL(take_reports(), "[]");
}

TEST("fences order through an encoder between, whatever that one uses") {
  Fixture t;
  Pool pool;
  Owned x = t.gpu.buffer(64, kUntracked), other = t.gpu.buffer(64);
  Owned second_fence(send<id>(t.gpu.device.get(), "newFence"));
  id buffer = t.gpu.command_buffer();
  auto encode = [&](id wait, id update, const Owned& pipeline, const std::vector<Binding>& bindings) {
    id encoder = send<id>(buffer, "computeCommandEncoder");
    if (wait) send<void>(encoder, "waitForFence:", wait);
    dispatch(encoder, pipeline, bindings, {4}, {4});
    if (update) send<void>(encoder, "updateFence:", update);
    send<void>(encoder, "endEncoding");
  };
  encode(nil, t.fence.get(), t.write, {bind(0, x)});
  encode(t.fence.get(), second_fence.get(), t.write, {bind(0, other)});
  encode(second_fence.get(), nil, t.read, {bind(0, t.y), bind(1, x)});
  CHECK(t.gpu.finish(buffer));
  CHECK_EQUAL(take_reports(), "[]");
}

TEST("a host that waits orders an untracked buffer") {
  Fixture t;
  CHECK(t.run(kUntracked, false, true));
  CHECK_EQUAL(take_reports(), "[]");
}

TEST("dispatches of one serial encoder are ordered, of a concurrent one only by a barrier") {
  Fixture t;
  for (NSUInteger type : {0, 1, 2, 3}) {
    Pool pool;
    Owned x = t.gpu.buffer(64);
    id buffer = t.gpu.command_buffer();
    id encoder = send<id>(buffer, "computeCommandEncoderWithDispatchType:", NSUInteger{type > 0});
    dispatch(encoder, t.write, {bind(0, x)}, {4}, {4});
    if (type == 2) send<void>(encoder, "memoryBarrierWithScope:", NSUInteger{1});
    id resource = x.get();
    if (type == 3) send<void>(encoder, "memoryBarrierWithResources:count:", &resource, NSUInteger{1});
    dispatch(encoder, t.read, {bind(0, t.y), bind(1, x)}, {4}, {4});
    send<void>(encoder, "endEncoding");
    CHECK_EQUAL(t.gpu.finish(buffer), type != 1);
    std::string reports = take_reports();
    CHECK_EQUAL(reports.find("grid-race") != std::string::npos, type == 1);
  }
}

TEST("a pipeline runs in validate mode and outside, whichever it was made for") {
  Gpu gpu;
  Owned library = gpu.library("kernel void past(device int* x [[buffer(0)]]) { x[5] = 3; }");
  Owned function = gpu.function(library, "past"), plain = gpu.pipeline(function), x = gpu.buffer(16), checked;
  {
    Setting validate("validate", "1");
    checked = gpu.pipeline(function);
    CHECK(!gpu.run(checked, {bind(0, x)}, {}, {}));
    CHECK_CONTAINS(gpu.error, "program_source:1:");
    CHECK_EQUAL(gpu.code, 1u);
    // Built without announcements, it runs into the zone behind the buffer.
    CHECK(!gpu.run(plain, {bind(0, x)}, {}, {}));
    CHECK_EQUAL(gpu.code, 3u);
  }
  CHECK(!gpu.run(checked, {bind(0, x)}, {}, {}));
  CHECK_CONTAINS(take_reports(), "out-of-bounds");
}

}  // namespace
