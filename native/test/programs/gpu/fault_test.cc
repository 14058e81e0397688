// What goes wrong on a GPU ends as an error with a code, writes nothing, leaves nothing behind, and the next
// call works.
#include <algorithm>

#include "harness.h"
#include "pages.h"

using namespace test;
using fa::metal::Work;

namespace {

const std::string kTwiceText = std::string(kHead) + R"(
kernel void twice(device const float* in [[buffer(0)]], device float* out [[buffer(3)]],
                  constant Params& params [[buffer(17)]], uint group [[threadgroup_position_in_grid]],
                  uint lane [[thread_index_in_threadgroup]]) {
  const int i = (int(group) + params.first_task) * 32 + int(lane);
  if (i < params.count) out[i] = 2 * in[i];
}
)";

const fa::MetalVariant kTwice = variant_of("twice", kTwiceText.c_str());
constexpr int kCount = 100;

/// One call; its message comes back by `message`.
std::string outcome(fa::metal::Gpu& gpu, std::string* message = nullptr,
                    const fa::MetalVariant& variant = kTwice) {
  std::vector<float> in(kCount, 3), out(kCount, -7);
  Work work;
  const auto input = work.input(tensor_of(in.data(), {kCount}));
  const auto output = work.output(tensor_of(out.data(), {kCount}));
  work.dispatches.push_back(dispatch_of(variant, kCount, {{0, input}, {3, output}}));
  const std::string code = code_of([&] { gpu.run(work); }, message);
  const float expected = code == "none" ? 6 : -7;
  expect(std::all_of(out.begin(), out.end(), [&](float value) { return value == expected; }),
         "all or nothing is written: " + code);
  return code;
}

struct Case {
  const char* fault;
  const char* code;
  const char* words;  ///< of the device's own message
};

constexpr Case kCases[] = {
    {"compile", "COMPILE_FAILED", "injected fault"},
    {"pipeline", "COMPILE_FAILED", "injected fault"},
    {"allocate", "OUT_OF_MEMORY", "room for a buffer of 400 bytes"},
    {"commit-timeout", "TIMEOUT", "kIOGPUCommandBufferCallbackErrorTimeout"},
    {"commit-memory", "OUT_OF_MEMORY", "Insufficient Memory"},
};

void transient_faults_pass() {
  for (const Case& given : kCases) {
    auto gpu = open();
    inject(given.fault, 1);
    std::string message;
    const std::string code = outcome(*gpu, &message);
    expect(code == given.code, std::string(given.fault) + ": " + code + ": " + message);
    expect(message.starts_with("[attention] device: expected "), message);
    expect(message.find(given.words) != std::string::npos, message);
    expect(outcome(*gpu) == "none", std::string("the call after ") + given.fault);
    clear_faults();
  }
}

void a_lost_device_stays_lost() {
  auto gpu = open();
  expect(outcome(*gpu) == "none", "before");
  inject("commit-lost", 1);
  expect(outcome(*gpu) == "DEVICE_LOST", "lost");
  expect(outcome(*gpu) == "DEVICE_LOST", "still lost");
  clear_faults();
  expect(outcome(*open()) == "none", "another device");
}

void the_host_stops_waiting() {
  setenv("FA_METAL_TIMEOUT", "1", 1);
  auto gpu = open();
  unsetenv("FA_METAL_TIMEOUT");
  expect(outcome(*gpu) == "none", "in time");
  inject("delay", 8000);
  std::string message;
  const auto begin = std::chrono::steady_clock::now();
  expect(outcome(*gpu, &message) == "TIMEOUT", "the time limit");
  expect(std::chrono::steady_clock::now() - begin < std::chrono::seconds(8), "returns before the GPU");
  clear_faults();
  // The device goes while the command buffer still runs.
}

/// A GPU that never answers must not make callers wait inside of Metal, which they would for the 65th command
/// buffer.
void a_stuck_device_only_times_out() {
  setenv("FA_METAL_TIMEOUT", "0.02", 1);
  auto gpu = open();
  unsetenv("FA_METAL_TIMEOUT");
  inject("delay", 12000);
  const auto begin = std::chrono::steady_clock::now();
  for (int call = 0; call < 70; ++call) expect(outcome(*gpu) == "TIMEOUT", "a stuck device");
  expect(std::chrono::steady_clock::now() - begin < std::chrono::seconds(12), "nobody waits for the GPU");
  clear_faults();
}

/// What the GPU still writes to after the host has given up stays where it is.
void memory_outlives_an_abandoned_call() {
  setenv("FA_METAL_TIMEOUT", "1", 1);
  auto gpu = open();
  unsetenv("FA_METAL_TIMEOUT");
  expect(outcome(*gpu) == "none", "in time");
  auto pages = fa::Pages::allocate(kCount * sizeof(float));
  float* out = reinterpret_cast<float*>(pages->data());
  std::vector<float> in(kCount, 3);
  Work work;
  const auto input = work.input(tensor_of(in.data(), {kCount}));
  const auto output = work.output(tensor_of(out, {kCount}));
  work.dispatches.push_back(dispatch_of(kTwice, kCount, {{0, input}, {3, output}}));
  inject("delay", 8000);
  expect(code_of([&] { gpu->run(work); }) == "TIMEOUT", "the time limit");
  pages.reset();
  expect(fa::pages_around(reinterpret_cast<std::byte*>(out), 1) != nullptr, "the call keeps the pages");
  clear_faults();
  const auto kept = [&] { return fa::pages_around(reinterpret_cast<std::byte*>(out), 1) != nullptr; };
  const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(60);
  while (kept() && std::chrono::steady_clock::now() < limit) {
    std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  expect(!kept(), "and lets go of them at its end");
}

void kernels_that_do_not_compile() {
  const auto refused = [&](const char* text, int threads, const char* words) {
    auto gpu = open();
    std::string message;
    const fa::MetalVariant variant = variant_of("twice", text, threads);
    const std::string code = outcome(*gpu, &message, variant);
    expect(code == "COMPILE_FAILED", code + ": " + message);
    expect(message.find(words) != std::string::npos, message);
  };
  refused("kernel void twice(", 32, "expected");
  refused("#include <metal_stdlib>\nkernel void other() {}", 32, "twice");
  refused("#include <metal_stdlib>\n[[max_total_threads_per_threadgroup(64)]] kernel void twice() {}", 128,
          "a limit of 64 threads instead of 128");
}

void settings_are_checked() {
  for (const char* value : {"soon", "-1", "0", "1e9", "nan"}) {
    setenv("FA_METAL_TIMEOUT", value, 1);
    expect(code_of([] { open(); }) == "INVALID_ENVIRONMENT", value);
  }
  unsetenv("FA_METAL_TIMEOUT");
}

void without_a_library() {
  const std::string path = std::getenv("FA_METAL_SOFTWARE_LIBRARY");
  setenv("FA_METAL_SOFTWARE_LIBRARY", "/nowhere/libdevice.so", 1);
  std::string message;
  expect(code_of([] { open(); }, &message) == "BACKEND_UNAVAILABLE", "no library");
  expect(message.find("/nowhere/libdevice.so") != std::string::npos, message);
  fa::DeviceConfig config;
  config.device = fa::DeviceChoice::software;
  expect(fa::metal::gpu_unavailable(config) == message, "gpu_unavailable says the same");
  unsetenv("FA_METAL_SOFTWARE_LIBRARY");
  expect(code_of([] { open(); }, &message) == "BACKEND_UNAVAILABLE", "no library");
  expect(message.find("FA_METAL_SOFTWARE_LIBRARY can name one") != std::string::npos, message);
  setenv("FA_METAL_SOFTWARE_LIBRARY", path.c_str(), 1);
  expect(fa::metal::gpu_unavailable(config).empty(), "a library that loads");
}

void no_metal_here() {
#ifndef __APPLE__
  fa::DeviceConfig config;
  expect(fa::metal::gpu_unavailable(config).find("exists on macOS only") != std::string::npos, "no system's");
#endif
}

}  // namespace

void test_faults() {
  without_a_library();
  no_metal_here();
  open();
  const size_t before = live_objects();
  transient_faults_pass();
  a_lost_device_stays_lost();
  the_host_stops_waiting();
  a_stuck_device_only_times_out();
  memory_outlives_an_abandoned_call();
  kernels_that_do_not_compile();
  settings_are_checked();
  expect(comes_down_to(before), "faults leave no object behind");
}
