// Command buffers: order, handlers, waiting, what is refused, and faults.
#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <thread>

#include "client.h"

using namespace client;

namespace {

constexpr char kAdd[] = R"(
kernel void add(device int* x [[buffer(0)]], constant int& y [[buffer(1)]]) { x[0] = x[0] * 3 + y; }
)";

struct Fixture {
  Gpu gpu;
  Owned add = gpu.kernel(kAdd, "add");
  Owned x = gpu.buffer_of(std::vector<int>{0});
  Fixture() { take_reports(); }
  ~Fixture() { softmetal_clear_faults(); }

  id encoded(int y) {
    id buffer = gpu.command_buffer();
    id encoder = send<id>(buffer, "computeCommandEncoder");
    dispatch(encoder, add, {bind(0, x), bytes(1, y)}, {}, {});
    send<void>(encoder, "endEncoding");
    return buffer;
  }
  int& value() { return *contents<int>(x); }
};

NSUInteger status(id buffer) { return send<NSUInteger>(buffer, "status"); }
void commit(id buffer) { send<void>(buffer, "commit"); }
void wait(id buffer) { send<void>(buffer, "waitUntilCompleted"); }

TEST("command buffers of a queue run in the order of commit") {
  Fixture t;
  Pool pool;
  id last = nil;
  int wanted = 0;
  for (int y = 1; y <= 10; ++y) {
    commit(last = t.encoded(y));
    wanted = wanted * 3 + y;
  }
  wait(last);
  CHECK_EQUAL(t.value(), wanted);
}

TEST("enqueue reserves a place in the order") {
  Fixture t;
  Pool pool;
  id first = t.encoded(1), second = t.encoded(2);
  send<void>(first, "enqueue");
  CHECK_EQUAL(status(first), NSUInteger{kEnqueued});
  commit(second);
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  CHECK_EQUAL(status(second), NSUInteger{kCommitted});
  commit(first);
  wait(second);
  CHECK_EQUAL(t.value(), 5);
  send<void>(first, "enqueue");
  CHECK_CONTAINS(take_reports(), "already enqueued");
}

TEST("an enqueued command buffer that is dropped lets the next one run") {
  Fixture t;
  Owned second;
  {
    Pool pool;
    send<void>(t.encoded(1), "enqueue");
    second = Owned::retaining(t.encoded(2));
    commit(second.get());
  }
  wait(second.get());
  CHECK_EQUAL(t.value(), 2);
}

TEST("handlers run on another thread: scheduled first, then completed, in order, before the wait returns") {
  Fixture t;
  Pool pool;
  std::mutex mutex;
  std::string order;
  auto here = std::this_thread::get_id();
  auto note = [&](const char* what) {
    return [&, what](id buffer) {
      std::lock_guard lock(mutex);
      CHECK(std::this_thread::get_id() != here);
      order += what + std::to_string(status(buffer) >= kCompleted) + " ";
    };
  };
  id buffer = t.encoded(1);
  softmetal_inject("delay", 10, 1);
  on_buffer(buffer, true, note("a"));
  on_buffer(buffer, true, note("b"));
  commit(buffer);
  wait(buffer);
  CHECK_EQUAL(order, "a1 b1 ");
  id other = t.encoded(1);
  order.clear();
  on_buffer(other, false, [&](id) { order += "s "; });
  on_buffer(other, true, [&](id) { order += "c "; });
  commit(other);
  wait(other);
  CHECK_EQUAL(order, "s c ");
}

TEST("commit returns before the work is done") {
  Fixture t;
  Pool pool;
  softmetal_inject("delay", 50, 1);
  id buffer = t.encoded(7);
  auto begin = std::chrono::steady_clock::now();
  commit(buffer);
  CHECK(std::chrono::steady_clock::now() - begin < std::chrono::milliseconds(40));
  CHECK(status(buffer) < kCompleted);
  CHECK_EQUAL(send<double>(buffer, "GPUEndTime"), 0.0);
  wait(buffer);
  CHECK(std::chrono::steady_clock::now() - begin >= std::chrono::milliseconds(50));
  CHECK_EQUAL(status(buffer), NSUInteger{kCompleted});
  CHECK(send<double>(buffer, "GPUEndTime") >= send<double>(buffer, "GPUStartTime"));
  CHECK(send<double>(buffer, "GPUStartTime") >= send<double>(buffer, "kernelStartTime"));
  CHECK(send<double>(buffer, "kernelEndTime") > 0);
  CHECK(send<id>(buffer, "error") == nil);
  CHECK(send<id>(buffer, "logs") == nil);
}

TEST("a handler may commit to its own queue and wait") {
  Fixture t;
  Pool pool;
  id buffer = t.encoded(1);
  on_buffer(buffer, true, [&](id) {
    Pool inner;
    id next = t.encoded(5);
    commit(next);
    wait(next);
    CHECK_EQUAL(t.value(), 8);
  });
  commit(buffer);
  wait(buffer);
  CHECK_EQUAL(t.value(), 8);
}

TEST("calls in the wrong order are refused and leave the process alive") {
  Fixture t;
  Pool pool;
  id buffer = t.encoded(1);
  wait(buffer);
  CHECK_CONTAINS(take_reports(), "not committed: this would wait for ever");
  id clean = t.encoded(1);
  commit(clean);
  commit(clean);
  CHECK_CONTAINS(take_reports(), "commit an already committed command buffer");
  on_buffer(clean, true, [](id) {});
  CHECK_CONTAINS(take_reports(), "Completed handler provided after commit call");
  on_buffer(clean, false, [](id) {});
  CHECK_CONTAINS(take_reports(), "Scheduled handler provided after commit call");
  CHECK(send<id>(clean, "computeCommandEncoder") == nil);
  CHECK_CONTAINS(take_reports(), "already committed");
  wait(clean);
  CHECK_EQUAL(status(clean), NSUInteger{kCompleted});
}

TEST("two open encoders, and a commit with one, are refused") {
  Fixture t;
  Pool pool;
  id buffer = t.gpu.command_buffer();
  send<id>(buffer, "computeCommandEncoder");
  CHECK(send<id>(buffer, "blitCommandEncoder") == nil);
  CHECK_CONTAINS(take_reports(), "A command encoder is already encoding to this command buffer");
  CHECK(!t.gpu.finish(buffer));
  CHECK_CONTAINS(take_reports(), "commit command buffer with uncommitted encoder");
}

TEST("what a command buffer uses lives until it is done") {
  Fixture t;
  Pool pool;
  softmetal_inject("delay", 20, 1);
  id buffer = t.gpu.command_buffer();
  id encoder = send<id>(buffer, "computeCommandEncoder");
  {
    Pool inner;
    Owned add = t.gpu.kernel(kAdd, "add"), y = t.gpu.buffer_of(std::vector<int>{4});
    dispatch(encoder, add, {bind(0, t.x), bind(1, y)}, {}, {});
  }
  send<void>(encoder, "endEncoding");
  CHECK(t.gpu.finish(buffer));
  CHECK_EQUAL(t.value(), 4);
}

TEST("unretained references: a buffer that goes too early is reported, not touched") {
  Fixture t;
  Pool pool;
  softmetal_inject("delay", 20, 1);
  id buffer = send<id>(t.gpu.queue.get(), "commandBufferWithUnretainedReferences");
  CHECK(!send<bool>(buffer, "retainedReferences"));
  id encoder = send<id>(buffer, "computeCommandEncoder");
  {
    Owned y = t.gpu.buffer_of(std::vector<int>{4});
    dispatch(encoder, t.add, {bind(0, t.x), bind(1, y)}, {}, {});
    send<void>(encoder, "setBuffer:offset:atIndex:", nil, NSUInteger{0}, NSUInteger{1});
  }
  send<void>(encoder, "endEncoding");
  CHECK(!t.gpu.finish(buffer));
  CHECK_EQUAL(t.gpu.code, 9u);
  CHECK_CONTAINS(t.gpu.error, "deallocated while a command buffer with unretained references uses it");
  CHECK_EQUAL(t.value(), 0);
}

TEST("a queue has only so many command buffers; the next waits for one to finish") {
  Fixture t;
  Pool pool;
  Owned queue(send<id>(t.gpu.device.get(), "newCommandQueueWithMaxCommandBufferCount:", NSUInteger{1}));
  softmetal_inject("delay", 30, 1);
  id first = send<id>(queue.get(), "commandBuffer");
  commit(first);
  auto begin = std::chrono::steady_clock::now();
  id second = send<id>(queue.get(), "commandBuffer");
  CHECK(second != nil);
  CHECK(std::chrono::steady_clock::now() - begin >= std::chrono::milliseconds(10));
  CHECK(send<id>(queue.get(), "commandBuffer") == nil);
  CHECK_CONTAINS(take_reports(), "would wait for ever");
}

TEST("a timeout and too little memory are transient, a lost device stays lost") {
  Fixture t;
  Pool pool;
  const struct {
    const char *fault, *text;
    NSUInteger code;
    bool stays;
  } faults[] = {{"commit-timeout", "Caused GPU Timeout Error", 2, false},
                {"commit-memory", "Insufficient Memory", 8, false},
                {"commit-lost", "Device was removed", 11, true}};
  for (const auto& fault : faults) {
    softmetal_inject(fault.fault, 2, 1);
    CHECK(t.gpu.finish(t.encoded(0)));
    t.value() = 5;
    CHECK(!t.gpu.finish(t.encoded(0)));
    CHECK_EQUAL(t.value(), 5);
    CHECK_EQUAL(t.gpu.domain, "MTLCommandBufferErrorDomain");
    CHECK_EQUAL(t.gpu.code, fault.code);
    CHECK_CONTAINS(t.gpu.error, fault.text);
    CHECK_EQUAL(t.gpu.finish(t.encoded(0)), !fault.stays);
    softmetal_clear_faults();
    CHECK(t.gpu.finish(t.encoded(0)));
  }
}

TEST("a kernel that faults fails its command buffer and no other") {
  Fixture t;
  Pool pool;
  Owned wild = t.gpu.kernel("kernel void f(device int* x [[buffer(0)]]) { x[1 << 28] = 1; }", "f");
  CHECK(!t.gpu.run(wild, {bind(0, t.x)}, {}, {}));
  CHECK_EQUAL(t.gpu.code, 3u);
  CHECK(t.gpu.finish(t.encoded(6)));
  CHECK_EQUAL(t.value(), 6);
}

TEST("a kernel that does not end runs into the timeout") {
  Fixture t;
  Setting timeout("timeout", "0.2");
  Owned endless = t.gpu.kernel(
      "kernel void f(device volatile int* x [[buffer(0)]]) { while (x[0] == 0) { x[0] = 0; } }", "f");
  t.value() = 0;
  CHECK(!t.gpu.run(endless, {bind(0, t.x)}, {}, {}));
  CHECK_EQUAL(t.gpu.code, 2u);
}

TEST("private memory that is used up has a code of its own") {
  Fixture t;
  Owned deep = t.gpu.kernel(
      "kernel void f(device int* x [[buffer(0)]]) { volatile int own[1 << 18]; own[x[0]] = 1; x[0] = own[5]; "
      "}",
      "f");
  t.value() = 5;
  CHECK(!t.gpu.run(deep, {bind(0, t.x)}, {}, {}));
  CHECK_EQUAL(t.gpu.code, 12u);
}

TEST("what a handler captures is let go when it has run") {
  Fixture t;
  auto captured = std::make_shared<int>(0);
  {
    Pool pool;
    id buffer = t.gpu.command_buffer();
    on_buffer(buffer, false, [captured](id) { ++*captured; });
    on_buffer(buffer, true, [captured](id) { ++*captured; });
    CHECK(t.gpu.finish(buffer));
  }
  CHECK_EQUAL(*captured, 2);
  CHECK_EQUAL(captured.use_count(), 1);
}

TEST("dispatches of a concurrent encoder run in the order of the seed") {
  Fixture t;
  Setting schedule("schedule", "random");
  std::vector<int> results;
  for (const char* seed : {"1", "2", "3", "4", "1"}) {
    Setting chosen("seed", seed);
    Pool pool;
    t.value() = 0;
    id buffer = t.gpu.command_buffer();
    id encoder = send<id>(buffer, "computeCommandEncoderWithDispatchType:", NSUInteger{1});
    for (int y = 0; y < 6; ++y) dispatch(encoder, t.add, {bind(0, t.x), bytes(1, y)}, {}, {});
    send<void>(encoder, "endEncoding");
    CHECK(t.gpu.finish(buffer));
    results.push_back(t.value());
  }
  CHECK_EQUAL(results[0], results[4]);
  CHECK(results[0] != results[1] || results[1] != results[2] || results[2] != results[3]);
}

TEST("a barrier in a concurrent encoder keeps the order") {
  Fixture t;
  Setting schedule("schedule", "random");
  for (const char* seed : {"1", "2", "3"}) {
    Setting chosen("seed", seed);
    Pool pool;
    t.value() = 0;
    id buffer = t.gpu.command_buffer();
    id encoder = send<id>(buffer, "computeCommandEncoderWithDispatchType:", NSUInteger{1});
    int wanted = 0;
    for (int y = 0; y < 6; ++y) {
      dispatch(encoder, t.add, {bind(0, t.x), bytes(1, y)}, {}, {});
      send<void>(encoder, "memoryBarrierWithScope:", NSUInteger{1});
      wanted = wanted * 3 + y;
    }
    send<void>(encoder, "endEncoding");
    CHECK(t.gpu.finish(buffer));
    CHECK_EQUAL(t.value(), wanted);
  }
}

}  // namespace
