// What the Gpu does with one call: memory in place and pooled, gaps, stages, long grids, constants.
#include <numeric>

#include "harness.h"
#include "metal/batches.h"
#include "metal/buffers.h"
#include "pages.h"

using namespace test;
using fa::metal::Work;

namespace {

const std::string kAddText = std::string(kHead) + R"(
constant bool negates [[function_constant(6)]];
constant int shift [[function_constant(2)]];
kernel void add(device const float* a [[buffer(0)]], device const float* b [[buffer(1)]],
                device float* out [[buffer(3)]], constant Params& params [[buffer(17)]],
                uint group [[threadgroup_position_in_grid]], uint lane [[thread_index_in_threadgroup]]) {
  const int i = (int(group) + params.first_task) * 32 + int(lane);
  if (i >= params.count) return;
  const float sum = a[i] + b[i] + float(shift);
  out[i] = negates ? -sum : sum;
}
)";

// One thread group that visits all elements: its result shows whether a stage before it had ended.
const std::string kReverseText = std::string(kHead) + R"(
kernel void reverse(device const float* in [[buffer(0)]], device float* out [[buffer(3)]],
                    constant Params& params [[buffer(17)]], uint group [[threadgroup_position_in_grid]],
                    uint lane [[thread_index_in_threadgroup]]) {
  const int i = (int(group) + params.first_task) * 32 + int(lane);
  if (i < params.count) out[i] = in[params.count - 1 - i];
}
)";

const fa::MetalVariant kAdd = variant_of("add", kAddText.c_str());
const fa::MetalVariant kReverse = variant_of("reverse", kReverseText.c_str());

std::vector<float> counting(size_t count, float first) {
  std::vector<float> values(count);
  std::iota(values.begin(), values.end(), first);
  return values;
}

/// out = a + b.
struct Sum {
  std::vector<float> a, b, out;
  explicit Sum(int count) : a(counting(count, 1)), b(counting(count, 100)), out(count, -7) {}

  Work work() {
    const int count = static_cast<int>(a.size());
    Work work;
    const auto first = work.input(tensor_of(a.data(), {count}));
    const auto second = work.input(tensor_of(b.data(), {count}));
    const auto sum = work.output(tensor_of(out.data(), {count}));
    work.dispatches.push_back(dispatch_of(
        kAdd, count, {{fa::binding::kQ, first}, {fa::binding::kK, second}, {fa::binding::kOut, sum}}));
    return work;
  }

  bool is_right(float sign = 1, float shift = 0) const {
    for (size_t i = 0; i < out.size(); ++i) {
      if (out[i] != sign * (a[i] + b[i] + shift)) return false;
    }
    return true;
  }
};

void runs_with_pooled_memory(fa::metal::Gpu& gpu) {
  for (const int count : {1, 31, 32, 33, 1000}) {
    Sum sum(count);
    gpu.run(sum.work());
    expect(sum.is_right(), "a sum of " + std::to_string(count));
  }
}

void keeps_pipelines_apart_by_constants(fa::metal::Gpu& gpu) {
  for (int round = 0; round < 2; ++round) {
    Sum sum(50);
    Work work = sum.work();
    work.dispatches[0].constants.has_stats = true;
    work.dispatches[0].constants.bias_type = 3;
    gpu.run(work);
    expect(sum.is_right(-1, 3), "function constants");
    work.dispatches[0].constants = {};
    gpu.run(work);
    expect(sum.is_right(), "no function constants");
  }
}

void runs_in_place() {
  auto gpu = open();
  Sum warm(40);
  gpu->run(warm.work());
  const size_t count = 5000;  // 20000 bytes: two pages
  const auto pages = fa::Pages::allocate(3 * 32768);
  auto* floats = reinterpret_cast<float*>(pages->data());
  // The second begins in the middle of a page.
  float *a = floats, *b = floats + 8192 + 40, *out = floats + 16384;
  std::iota(a, a + count, 0.0f);
  std::fill(b, b + count, 1.0f);
  Work work;
  const auto first = work.input(tensor_of(a, {int64_t(count)}));
  const auto second = work.input(tensor_of(b, {int64_t(count)}));
  const auto sum = work.output(tensor_of(out, {int64_t(count)}));
  work.dispatches.push_back(dispatch_of(kAdd, int(count), {{0, first}, {1, second}, {3, sum}}));
  const size_t buffers = live_objects("MTLBuffer");
  gpu->run(work);
  for (size_t i = 0; i < count; ++i) expect(out[i] == static_cast<float>(i) + 1, "a sum in pages");
  for (int tries = 0; tries < 100 && live_objects("MTLBuffer") > buffers; ++tries) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  expect(live_objects("MTLBuffer") == buffers, "memory in place takes no buffer of the pool");
}

void knows_its_pages() {
  auto pages = fa::Pages::allocate(20000);
  const std::byte* begin = pages->data();
  expect(pages->bytes() == 2 * fa::kGpuPageBytes, "whole pages");
  expect(reinterpret_cast<uintptr_t>(begin) % fa::kGpuPageBytes == 0, "aligned pages");
  expect(fa::pages_around(begin, pages->bytes()) == pages, "all of them");
  expect(fa::pages_around(begin + 17, 100) == pages, "a part of them");
  expect(fa::pages_around(begin + 1, pages->bytes()) == nullptr, "more than they are");
  expect(fa::pages_around(begin - 1, 2) == nullptr, "a byte before them");
  const auto kept = fa::pages_around(begin, 1);
  pages.reset();
  expect(fa::pages_around(begin, 1) == kept, "a call keeps them");
}

void uses_buffers_again() {
  auto gpu = open();
  Sum first(77), second(77);
  gpu->run(first.work());
  inject("allocate", 1, 0);
  gpu->run(second.work());
  Sum larger(78);
  expect(code_of([&] { gpu->run(larger.work()); }) == "OUT_OF_MEMORY", "other sizes need other buffers");
  clear_faults();
  gpu->run(second.work());
  inject("allocate", 1);
  gpu->run(larger.work());
  expect(second.is_right() && larger.is_right(), "idle buffers make room for others");
}

void keeps_few_idle_buffers() {
  fa::DeviceConfig config;
  config.device = fa::DeviceChoice::software;
  fa::metal::GpuDevice device = fa::metal::open_gpu_device(config);
  device.capabilities.working_set_bytes = 16 * 1000;
  const auto pool = std::make_shared<fa::metal::BufferPool>(device);
  std::vector<fa::metal::PooledBuffer> taken;
  for (int buffer = 0; buffer < 5; ++buffer) taken.push_back(pool->take(400));
  expect(live_objects("MTLBuffer") == 5, "five buffers in use");
  taken.clear();
  expect(live_objects("MTLBuffer") == 2, "idle buffers of at most a sixteenth of the working set");
  device.capabilities.max_buffer_bytes = 100;
  const auto small = std::make_shared<fa::metal::BufferPool>(device);
  expect(code_of([&] { small->take(101); }) == "OUT_OF_MEMORY", "a buffer above the limit");
}

void leaves_gaps_alone(fa::metal::Gpu& gpu) {
  // [2, 3, 4] with rows of 4 every 6 and outer blocks every 30.
  std::vector<float> a = counting(60, 0), b(60, 1), out(60, -7);
  const std::vector<int64_t> shape{2, 3, 4}, strides{30, 6, 1};
  Work work;
  const auto first = work.input(tensor_of(a.data(), shape, strides));
  const auto second = work.input(tensor_of(b.data(), shape, strides));
  const auto sum = work.output(tensor_of(out.data(), shape, strides));
  const int span = 30 + 2 * 6 + 4;
  work.dispatches.push_back(dispatch_of(kAdd, span, {{0, first}, {1, second}, {3, sum}}));
  gpu.run(work);
  for (int i = 0; i < 60; ++i) {
    const int inner = i % 30;
    const bool element = inner < 18 && inner % 6 < 4;
    expect(out[i] == (element ? a[i] + 1 : -7), "element " + std::to_string(i) + " of a tensor with gaps");
  }
}

void orders_stages(fa::metal::Gpu& gpu) {
  const int count = 4096;
  for (int round = 0; round < 5; ++round) {
    std::vector<float> a = counting(count, 0), b(count, 1), out(count);
    Work work;
    const auto first = work.input(tensor_of(a.data(), {count}));
    const auto second = work.input(tensor_of(b.data(), {count}));
    const auto between = work.scratch(count * sizeof(float));
    const auto result = work.output(tensor_of(out.data(), {count}));
    // Given in the wrong order: the stage counts.
    work.dispatches.push_back(dispatch_of(kReverse, count, {{0, between}, {3, result}}, 1));
    work.dispatches.push_back(dispatch_of(kAdd, count, {{0, first}, {1, second}, {3, between}}, 0));
    gpu.run(work);
    for (int i = 0; i < count; ++i) expect(out[i] == a[count - 1 - i] + 1, "a second stage sees the first");
  }
}

void cuts_long_grids(fa::metal::Gpu& gpu) {
  const int count = 32 * 100;
  Sum sum(count);
  Work work = sum.work();
  work.dispatches[0].multiply_adds = 5.5 * fa::metal::kMultiplyAddsPerCommandBuffer;
  const size_t batches = fa::metal::cut_into_batches(work, fa::metal::kMultiplyAddsPerCommandBuffer).size();
  expect(batches == 6, "5.5 times the limit are 6 command buffers");
  gpu.run(work);
  expect(sum.is_right(), "a grid in six parts");
}

/// A second stage in another command buffer than parts of the first.
void orders_stages_of_long_grids(fa::metal::Gpu& gpu) {
  const int count = 32 * 40;
  std::vector<float> a = counting(count, 0), b(count, 1), out(count);
  Work work;
  const auto first = work.input(tensor_of(a.data(), {count}));
  const auto second = work.input(tensor_of(b.data(), {count}));
  const auto between = work.scratch(count * sizeof(float));
  const auto result = work.output(tensor_of(out.data(), {count}));
  work.dispatches.push_back(dispatch_of(kAdd, count, {{0, first}, {1, second}, {3, between}}, 0));
  work.dispatches.push_back(dispatch_of(kReverse, count, {{0, between}, {3, result}}, 1));
  for (auto& dispatch : work.dispatches) {
    dispatch.multiply_adds = 3.3 * fa::metal::kMultiplyAddsPerCommandBuffer;
  }
  gpu.run(work);
  for (int i = 0; i < count; ++i) expect(out[i] == a[count - 1 - i] + 1, "a second stage, cut");
}

/// Axes of stride 0 repeat what is there once.
void reads_what_repeats(fa::metal::Gpu& gpu) {
  std::vector<float> a(8, 5), b = counting(8, 0), out(8);
  Work work;
  const auto first = work.input(tensor_of(a.data(), {8}));
  const auto second = work.input(tensor_of(b.data(), {3, 2, 4}, {0, 4, 1}));
  const auto sum = work.output(tensor_of(out.data(), {8}));
  work.dispatches.push_back(dispatch_of(kAdd, 8, {{0, first}, {1, second}, {3, sum}}));
  gpu.run(work);
  for (int i = 0; i < 8; ++i) expect(out[i] == 5 + b[i], "an axis that repeats");
}

/// Every task once, stages in order, no batch above the limit that could be smaller.
void cuts_any_work() {
  uint32_t state = 1;
  const auto random = [&](uint32_t below) {
    state = state * 1664525 + 1013904223;
    return static_cast<int64_t>((state >> 8) % below);
  };
  for (int round = 0; round < 2000; ++round) {
    Work work;
    const int64_t dispatches = 1 + random(5);
    for (int64_t index = 0; index < dispatches; ++index) {
      fa::metal::Dispatch dispatch;
      dispatch.variant = &kAdd;
      dispatch.tasks = random(9) == 0 ? 5'000'000'000 : random(200);
      dispatch.multiply_adds = static_cast<double>(dispatch.tasks * random(30));
      if (dispatch.tasks > 200) dispatch.multiply_adds = static_cast<double>(random(3000));
      dispatch.stage = static_cast<int>(random(3));
      work.dispatches.push_back(dispatch);
    }
    std::vector<int64_t> done(work.dispatches.size(), 0);
    int stage = 0;
    for (const auto& batch : fa::metal::cut_into_batches(work, 1000)) {
      double cost = 0;
      int64_t tasks = 0;
      expect(!batch.empty(), "no empty command buffer");
      for (const auto& slice : batch) {
        const auto& dispatch = work.dispatches[slice.dispatch];
        expect(slice.first == done[slice.dispatch] && slice.tasks > 0, "each task once, in order");
        expect(dispatch.stage >= stage, "stages in order");
        expect(slice.tasks * dispatch.variant->threads <= fa::metal::kThreadsPerDispatch, "32-bit grids");
        stage = dispatch.stage;
        done[slice.dispatch] += slice.tasks;
        tasks += slice.tasks;
        cost +=
            dispatch.multiply_adds / static_cast<double>(dispatch.tasks) * static_cast<double>(slice.tasks);
      }
      expect(cost <= 1000.001 || tasks == 1, "the limit");
    }
    for (size_t index = 0; index < done.size(); ++index) {
      expect(done[index] == work.dispatches[index].tasks, "all tasks");
    }
  }
}

void skips_what_is_empty(fa::metal::Gpu& gpu) {
  gpu.run(Work());
  Sum sum(40);
  Work work = sum.work();
  work.dispatches[0].tasks = 0;
  gpu.run(work);
  expect(sum.out[0] == -7, "no tasks, no output");
  Sum small(8);
  work = small.work();
  const auto empty = work.input(tensor_of(nullptr, {0, 4}));
  work.dispatches[0].bindings[1].memory = empty;
  work.dispatches[0].tasks = 1;
  work.dispatches[0].parameters[0].bytes.assign(sizeof(Params), std::byte{0});
  gpu.run(work);
}

void warms_up(fa::metal::Gpu& gpu) {
  Work work;
  const auto nothing = work.input(fa::Tensor{});
  work.dispatches.push_back(dispatch_of(kAdd, 40, {{0, nothing}, {1, nothing}, {3, nothing}}));
  gpu.warm_up(work);
}

}  // namespace

void test_run() {
  set("validate", "1");
  open();
  const size_t before = live_objects();  // the system's, such as its process info, which stay
  auto gpu = open();
  runs_with_pooled_memory(*gpu);
  keeps_pipelines_apart_by_constants(*gpu);
  leaves_gaps_alone(*gpu);
  orders_stages(*gpu);
  cuts_any_work();
  cuts_long_grids(*gpu);
  orders_stages_of_long_grids(*gpu);
  reads_what_repeats(*gpu);
  skips_what_is_empty(*gpu);
  warms_up(*gpu);
  gpu.reset();
  runs_in_place();
  knows_its_pages();
  uses_buffers_again();
  expect(comes_down_to(before), "no object is left");
  keeps_few_idle_buffers();
  expect(comes_down_to(before), "no object is left");
  set("validate", "");
}
