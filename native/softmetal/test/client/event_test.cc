// Events and shared events: within a queue, across queues, and with the host.
#include <chrono>
#include <future>
#include <thread>

#include "client.h"

using namespace client;

namespace {

constexpr char kSet[] =
    "kernel void set(device int* x [[buffer(0)]], constant int& y [[buffer(1)]]) { x[0] = y; }";
constexpr char kTwice[] = "kernel void twice(device int* x [[buffer(0)]]) { x[0] *= 2; }";

struct Fixture {
  Gpu gpu;
  Owned other{send<id>(gpu.device.get(), "newCommandQueue")};
  Owned set = gpu.kernel(kSet, "set"), twice = gpu.kernel(kTwice, "twice");
  Owned x = gpu.buffer_of(std::vector<int>{1});
  Owned event{send<id>(gpu.device.get(), "newEvent")}, shared{send<id>(gpu.device.get(), "newSharedEvent")};
  Fixture() { take_reports(); }

  void encode(id buffer, const Owned& pipeline, std::vector<Binding> bindings) {
    id encoder = send<id>(buffer, "computeCommandEncoder");
    dispatch(encoder, pipeline, bindings, {}, {});
    send<void>(encoder, "endEncoding");
  }
};

bool wait_until(const Owned& event, NSUInteger value, NSUInteger milliseconds) {
  return send<bool>(event.get(), "waitUntilSignaledValue:timeoutMS:", value, milliseconds);
}

TEST("an event orders two queues, whichever is committed first") {
  Fixture t;
  Pool pool;
  id second = send<id>(t.other.get(), "commandBuffer");
  send<void>(second, "encodeWaitForEvent:value:", t.event.get(), NSUInteger{1});
  t.encode(second, t.twice, {bind(0, t.x)});
  send<void>(second, "commit");
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  CHECK(send<NSUInteger>(second, "status") < kCompleted);
  id first = t.gpu.command_buffer();
  t.encode(first, t.set, {bind(0, t.x), bytes(1, 21)});
  send<void>(first, "encodeSignalEvent:value:", t.event.get(), NSUInteger{1});
  send<void>(first, "commit");
  send<void>(second, "waitUntilCompleted");
  CHECK_EQUAL(*contents<int>(t.x), 42);
}

TEST("the host sees and sets the value of a shared event") {
  Fixture t;
  Pool pool;
  CHECK_EQUAL(send<NSUInteger>(t.shared.get(), "signaledValue"), 0u);
  id buffer = t.gpu.command_buffer();
  send<void>(buffer, "encodeWaitForEvent:value:", t.shared.get(), NSUInteger{3});
  send<void>(buffer, "encodeSignalEvent:value:", t.shared.get(), NSUInteger{4});
  send<void>(buffer, "commit");
  CHECK(!wait_until(t.shared, 4, 20));
  send<void>(t.shared.get(), "setSignaledValue:", NSUInteger{3});
  CHECK(wait_until(t.shared, 4, 5000));
  CHECK_EQUAL(send<NSUInteger>(t.shared.get(), "signaledValue"), 4u);
}

TEST("a listener is told on its own thread, at once or when the value comes") {
  Fixture t;
  Pool pool;
  Owned listener(make("MTLSharedEventListener"));
  std::promise<NSUInteger> later, at_once;
  auto here = std::this_thread::get_id();
  auto ask = [&](NSUInteger value, std::promise<NSUInteger>& told) {
    with_block<id, NSUInteger>(
        "v24@?0@8Q16",
        [&](id event, NSUInteger reached) {
          CHECK(event == t.shared.get());
          CHECK(std::this_thread::get_id() != here);
          told.set_value(reached);
        },
        [&](const void* block) {
          send<void>(t.shared.get(), "notifyListener:atValue:block:", listener.get(), value, block);
        });
  };
  ask(2, later);
  auto told = later.get_future();
  send<void>(t.shared.get(), "setSignaledValue:", NSUInteger{1});
  CHECK(told.wait_for(std::chrono::milliseconds(30)) == std::future_status::timeout);
  send<void>(t.shared.get(), "setSignaledValue:", NSUInteger{5});
  CHECK_EQUAL(told.get(), 5u);
  std::promise<NSUInteger> exactly_now;
  ask(6, exactly_now);
  send<void>(t.shared.get(), "setSignaledValue:", NSUInteger{6});
  auto now = exactly_now.get_future();
  CHECK(now.wait_for(std::chrono::seconds(5)) == std::future_status::ready);
  ask(2, at_once);
  CHECK_EQUAL(at_once.get_future().get(), 6u);
}

TEST("a wait that nobody ends is a timeout, and what fails still signals") {
  Fixture t;
  Pool pool;
  Setting timeout("timeout", "0.1");
  id buffer = t.gpu.command_buffer();
  send<void>(buffer, "encodeWaitForEvent:value:", t.event.get(), NSUInteger{9});
  send<void>(buffer, "encodeSignalEvent:value:", t.shared.get(), NSUInteger{1});
  CHECK(!t.gpu.finish(buffer));
  CHECK_EQUAL(t.gpu.code, 2u);
  CHECK_EQUAL(send<NSUInteger>(t.shared.get(), "signaledValue"), 1u);
}

TEST("events between commands, not inside an encoder, and not nil") {
  Fixture t;
  Pool pool;
  id buffer = t.gpu.command_buffer();
  id encoder = send<id>(buffer, "computeCommandEncoder");
  send<void>(buffer, "encodeSignalEvent:value:", t.event.get(), NSUInteger{1});
  CHECK_CONTAINS(take_reports(), "uncommitted encoder");
  send<void>(encoder, "endEncoding");
  send<void>(buffer, "encodeWaitForEvent:value:", nil, NSUInteger{1});
  CHECK_CONTAINS(take_reports(), "event must not be nil.");
  CHECK(!t.gpu.finish(buffer));
}

}  // namespace
