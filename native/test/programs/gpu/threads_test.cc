// One Gpu for many threads and many calls.
#include <atomic>
#include <numeric>

#include "harness.h"

using namespace test;
using fa::metal::Work;

namespace {

const std::string kAddText = std::string(kHead) + R"(
constant int shift [[function_constant(2)]];
kernel void add(device const float* in [[buffer(0)]], device float* out [[buffer(3)]],
                constant Params& params [[buffer(17)]], uint group [[threadgroup_position_in_grid]],
                uint lane [[thread_index_in_threadgroup]]) {
  const int i = (int(group) + params.first_task) * 32 + int(lane);
  if (i < params.count) out[i] = in[i] + float(shift);
}
)";

std::atomic<int> texts{0};

std::string counted_text(const fa::MetalVariant& variant) {
  ++texts;
  return variant.instantiation;
}

const fa::MetalVariant kAdd = variant_of("add", kAddText.c_str());

std::unique_ptr<fa::metal::Gpu> open_counted() {
  fa::DeviceConfig config;
  config.device = fa::DeviceChoice::software;
  return fa::metal::open_gpu(config, counted_text);
}

bool adds(fa::metal::Gpu& gpu, int count, int shift) {
  std::vector<float> in(count), out(count, -7);
  std::iota(in.begin(), in.end(), 0.0f);
  Work work;
  const auto input = work.input(tensor_of(in.data(), {count}));
  const auto output = work.output(tensor_of(out.data(), {count}));
  work.dispatches.push_back(dispatch_of(kAdd, count, {{0, input}, {3, output}}));
  work.dispatches[0].constants.bias_type = shift;
  gpu.run(work);
  for (int i = 0; i < count; ++i) {
    if (out[i] != in[i] + static_cast<float>(shift)) return false;
  }
  return true;
}

void compiles_once_for_all_threads() {
  auto gpu = open_counted();
  std::atomic<bool> good{true};
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 8; ++thread) {
    threads.emplace_back([&, thread] {
      for (int round = 0; round < 20; ++round) good = good && adds(*gpu, 50 + 7 * thread, round % 2);
    });
  }
  for (std::thread& thread : threads) thread.join();
  expect(good, "several threads at once");
  expect(texts == 1, "one text was compiled, not " + std::to_string(texts));
}

/// More threads than the device has command buffers.
void serves_a_crowd() {
  auto gpu = open_counted();
  std::atomic<bool> good{true};
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 100; ++thread) {
    threads.emplace_back([&] { good = good && adds(*gpu, 64, 0) && adds(*gpu, 96, 0); });
  }
  for (std::thread& thread : threads) thread.join();
  expect(good, "a hundred threads");
}

/// Objects and buffers are as many after a thousand calls as after the first.
void leaves_nothing_behind() {
  auto gpu = open_counted();
  expect(adds(*gpu, 300, 1), "the first call");
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  const size_t steady = live_objects();
  for (int call = 1; call < 1000; ++call) expect(adds(*gpu, 300, 1), "a call");
  expect(comes_down_to(steady), "a thousand calls leave no object behind");
}

}  // namespace

void test_threads() {
  open();
  const size_t before = live_objects();
  compiles_once_for_all_threads();
  serves_a_crowd();
  leaves_nothing_behind();
  expect(comes_down_to(before), "closed devices leave no object behind");
}
