// Kernels whose counts are known by hand, compiled and run.
#include "check.h"
#include "count/count_log.h"
#include "dispatches.h"
#include "kernel_run.h"

using namespace softmetal;

namespace {

std::shared_ptr<const LoadedKernel> built(const std::string& text,
                                          const std::map<int, std::string>& constants = {}) {
  KernelRun run;
  run.fast_math = true;
  run.mode = BuildMode::kInstrumented;
  run.constants = constants;
  return compile_kernel("#include <metal_stdlib>\nusing namespace metal;\n" + text, run).kernel;
}

Counts counted(const Dispatch& dispatch, Schedule schedule = Schedule::kInOrder, uint64_t seed = 0) {
  Settings settings = hand::settings(schedule, seed);
  settings.stats = true;
  return run_dispatch(dispatch, settings).counts;
}

// A simdgroup that reads threadgroup memory once, each lane at `index`.
Counts lanes_reading(const std::string& type, const std::string& index) {
  std::vector<float> out(64);
  Dispatch dispatch = hand::dispatch(
      built("kernel void f(device " + type + "* out [[buffer(0)]], threadgroup " + type +
            "* tile [[threadgroup(0)]], uint lane [[thread_index_in_simdgroup]]) { out[lane] = tile[" +
            index + "]; }"),
      {1}, {32});
  dispatch.threadgroup_lengths[0] = 32768;
  std::vector<char> buffer(1024);
  hand::bind(dispatch, 0, buffer);
  return counted(dispatch);
}

void check_cycles(const std::string& type, const std::string& index, uint64_t cycles_16, uint64_t cycles_32) {
  Counts counts = lanes_reading(type, index);
  CHECK_EQUAL(counts.threadgroup_requests, 1u);
  CHECK_EQUAL(counts.bank_cycles_16, cycles_16);
  CHECK_EQUAL(counts.bank_cycles_32, cycles_32);
}

// One thread computes `expression` of float a, b and float4 v, w out of a buffer.
Counts one_thread(const std::string& statement) {
  std::vector<float> data(64, 2.0f);
  Dispatch dispatch =
      hand::dispatch(built("kernel void f(device float* p [[buffer(0)]]) {\n  float a = p[0], b = p[1];\n"
                           "  float4 v = *(device float4*)(p + 4), w = *(device float4*)(p + 8);\n  half h = "
                           "half(*(device half*)(p + 2));\n  " +
                           statement + "\n}"),
                     {1}, {1});
  hand::bind(dispatch, 0, data);
  return counted(dispatch);
}

}  // namespace

TEST("saxpy") {
  const uint32_t n = 1000;
  std::vector<float> x(n, 1), y(n, 2), a = {3};
  std::vector<uint32_t> count = {n};
  Dispatch dispatch = hand::dispatch(
      built("kernel void f(device const float* x [[buffer(0)]], device float* y [[buffer(1)]], constant "
            "float& a "
            "[[buffer(2)]], constant uint& n [[buffer(5)]], uint i [[thread_position_in_grid]]) {\n"
            "  if (i >= n) return;\n  y[i] = a * x[i] + y[i];\n}"),
      {8}, {128});
  hand::bind(dispatch, 0, x);
  hand::bind(dispatch, 1, y);
  hand::bind(dispatch, 2, a);
  hand::bind(dispatch, 5, count);
  Counts counts = counted(dispatch);
  CHECK_EQUAL(y[999], 5.0f);
  CHECK_EQUAL(counts.threadgroups, 8u);
  CHECK_EQUAL(counts.threads, 1024u);
  CHECK_EQUAL(counts.simdgroups, 32u);
  CHECK_EQUAL(counts.multiply_adds, 1000u);
  CHECK_EQUAL(counts.integer, 1024u);  // the comparison
  CHECK_EQUAL(counts.additions + counts.multiplications + counts.conversions + counts.other_math, 0u);
  CHECK_EQUAL(counts.device_bytes_read, 1000u * 12 + 1024 * 4);
  CHECK_EQUAL(counts.device_bytes_read_unique, 4000u + 4000 + 4 + 4);
  CHECK_EQUAL(counts.device_bytes_written, 4000u);
  CHECK_EQUAL(counts.device_bytes_written_unique, 4000u);
  CHECK_EQUAL(counts.buffers.size(), 4u);
  CHECK_EQUAL(counts.buffers[0].name, "x");
  CHECK_EQUAL(counts.buffers[0].read, 4000u);
  CHECK_EQUAL(counts.buffers[2].read, 4000u);
  CHECK_EQUAL(counts.buffers[2].unique_read, 4u);
  CHECK_EQUAL(counts.buffers[5].read, 4096u);
  CHECK_EQUAL(counts.threadgroup_requests, 0u);
}

TEST("a tiled product of 32x32 matrices by threadgroups of 16x16") {
  std::vector<float> a(1024, 1), b(1024, 2), c(1024);
  Dispatch dispatch = hand::dispatch(
      built("constant constexpr int T = 16, N = 32;\n"
            "kernel void f(device const float* a [[buffer(0)]], device const float* b [[buffer(1)]], device "
            "float* c "
            "[[buffer(2)]], uint2 at [[thread_position_in_grid]], uint2 in "
            "[[thread_position_in_threadgroup]]) {\n"
            "  threadgroup float as[T][T], bs[T][T];\n  float sum = 0;\n"
            "  for (int t = 0; t < N / T; t++) {\n"
            "    as[in.y][in.x] = a[at.y * N + t * T + in.x];\n    bs[in.y][in.x] = b[(t * T + in.y) * N + "
            "at.x];\n"
            "    threadgroup_barrier(mem_flags::mem_threadgroup);\n"
            "    for (int k = 0; k < T; k++) sum += as[in.y][k] * bs[k][in.x];\n"
            "    threadgroup_barrier(mem_flags::mem_threadgroup);\n  }\n  c[at.y * N + at.x] = sum;\n}"),
      {2, 2}, {16, 16});
  hand::bind(dispatch, 0, a);
  hand::bind(dispatch, 1, b);
  hand::bind(dispatch, 2, c);
  Counts counts = counted(dispatch);
  CHECK_EQUAL(c[77], 64.0f);
  CHECK_EQUAL(counts.multiply_adds, 32u * 32 * 32);
  CHECK_EQUAL(counts.additions + counts.multiplications, 0u);
  CHECK_EQUAL(counts.threadgroup_barriers, 4u * 2 * 2);
  CHECK_EQUAL(counts.device_bytes_read, 1024u * 2 * 8);
  CHECK_EQUAL(counts.device_bytes_read_unique, 8192u);
  CHECK_EQUAL(counts.device_bytes_written, 4096u);
  CHECK_EQUAL(counts.threadgroup_bytes_written, 1024u * 2 * 8);
  CHECK_EQUAL(counts.threadgroup_bytes_read, 1024u * 32 * 8);
  // A simdgroup is two rows of the tile. Per tile: two stores of 32 neighbours, then 16 times two words of
  // `as`, 16 apart, and 16 neighbours of `bs`.
  const uint64_t tiles = 32 * 2;
  CHECK_EQUAL(counts.threadgroup_requests, tiles * (2 + 32));
  CHECK_EQUAL(counts.bank_cycles_16, tiles * (2 * 2 + 16 * 2 + 16));
  CHECK_EQUAL(counts.bank_cycles_32, tiles * (2 + 16 + 16));
}

TEST("strided reads of threadgroup memory have the bank conflicts of their stride") {
  check_cycles("float", "lane", 2, 1);
  check_cycles("float", "lane * 2", 4, 2);
  check_cycles("float", "lane * 8", 16, 8);
  check_cycles("float", "lane * 16", 32, 16);
  check_cycles("float", "lane * 17", 2, 1);
  check_cycles("float", "lane * 32", 32, 32);
  check_cycles("float", "5", 1, 1);
  check_cycles("half", "lane", 1, 1);
  check_cycles("half", "lane * 2", 2, 1);
  check_cycles("half", "lane * 34", 2, 1);
  check_cycles("float2", "lane", 4, 2);
  check_cycles("float4", "lane", 8, 4);
}

TEST("vector statements count by element and move whole vectors") {
  Counts counts = one_thread("*(device float4*)(p + 12) = v * w + v;");
  CHECK_EQUAL(counts.multiply_adds, 4u);
  CHECK_EQUAL(counts.additions + counts.multiplications, 0u);
  CHECK_EQUAL(counts.device_bytes_read, 32u);
  CHECK_EQUAL(counts.device_bytes_written, 16u);
  CHECK_EQUAL(one_thread("p[12] = dot(v, w);").multiply_adds, 3u);
  CHECK_EQUAL(one_thread("p[12] = dot(v, w);").multiplications, 1u);
  CHECK_EQUAL(one_thread("*(device float4*)(p + 12) = v - w;").additions, 4u);
  CHECK_EQUAL(one_thread("*(device float4*)(p + 12) = v * a;").multiplications, 4u);
}

TEST("functions, divisions, conversions, comparisons") {
  CHECK_EQUAL(one_thread("p[12] = exp2(a);").exp2, 1u);
  CHECK_EQUAL(one_thread("*(device float4*)(p + 12) = exp2(v);").exp2, 4u);
  CHECK_EQUAL(one_thread("*(device float4*)(p + 12) = fast::exp2(v);").exp2, 4u);
  CHECK_EQUAL(one_thread("p[12] = a / b;").divisions, 1u);
  CHECK_EQUAL(one_thread("p[12] = rsqrt(a);").other_math, 1u);
  CHECK_EQUAL(one_thread("p[12] = rsqrt(a);").divisions, 0u);
  CHECK_EQUAL(one_thread("p[12] = sin(a);").other_math, 1u);
  CHECK_EQUAL(one_thread("p[12] = max(a, b);").comparisons, 1u);
  CHECK_EQUAL(one_thread("p[12] = h;").conversions, 1u);
  CHECK_EQUAL(one_thread("*(device half4*)(p + 12) = half4(v);").conversions, 4u);
  CHECK_EQUAL(one_thread("p[12] = float(as_type<int>(a));").conversions, 1u);
  CHECK_EQUAL(one_thread("*(device int*)(p + 12) = as_type<int>(a) * 3 + as_type<int>(b);").integer, 2u);
}

TEST("bfloat is converted by the device, and that counts as conversions") {
  CHECK_EQUAL(one_thread("*(device bfloat*)(p + 12) = bfloat(a);").conversions, 1u);
  CHECK_EQUAL(one_thread("*(device bfloat4*)(p + 12) = bfloat4(v);").conversions, 4u);
  CHECK_EQUAL(one_thread("*(device float4*)(p + 12) = float4(*(device bfloat4*)(p + 20));").conversions, 4u);
}

TEST("operations of simdgroups, by kind") {
  std::vector<float> out(64);
  Dispatch dispatch = hand::dispatch(
      built("kernel void f(device float* out [[buffer(0)]], uint i [[thread_index_in_threadgroup]]) {\n"
            "  float x = i;\n  for (ushort m = 1; m < 32; m *= 2) x += simd_shuffle_xor(x, m);\n"
            "  x += simd_sum(x) + simd_max(x);\n  x += simd_prefix_inclusive_sum(x);\n"
            "  if (simd_all(x > 0)) x = simd_broadcast(x, 3);\n  simdgroup_barrier(mem_flags::mem_none);\n"
            "  threadgroup_barrier(mem_flags::mem_device);\n  out[i] = x;\n}"),
      {1}, {64});
  hand::bind(dispatch, 0, out);
  Counts counts = counted(dispatch);
  CHECK_EQUAL(counts.shuffles, 2u * 6);
  CHECK_EQUAL(counts.integer, 64u * 5 * 2);  // the loop: m *= 2, m < 32; which lane is meant costs nothing
  CHECK_EQUAL(counts.reductions, 2u * 2);
  CHECK_EQUAL(counts.prefixes, 2u);
  CHECK_EQUAL(counts.votes, 2u);
  CHECK_EQUAL(counts.simdgroup_barriers, 2u);
  CHECK_EQUAL(counts.threadgroup_barriers, 1u);
}

TEST("matrix multiply-accumulates by type, with the bytes of their tiles") {
  auto products = [](const std::string& left, const std::string& right) {
    std::vector<float> data(512);
    Dispatch dispatch = hand::dispatch(
        built("kernel void f(device float* c [[buffer(0)]], threadgroup char* tile [[threadgroup(0)]]) {\n"
              "  simdgroup_matrix<" +
              left + ", 8, 8> a;\n  simdgroup_matrix<" + right +
              ", 8, 8> b;\n"
              "  simdgroup_float8x8 sum(0.0f);\n"
              "  simdgroup_load(a, (threadgroup " +
              left +
              "*)tile, 8);\n"
              "  simdgroup_load(b, (threadgroup " +
              right +
              "*)tile, 8, 0, true);\n"
              "  for (int i = 0; i < 5; i++) simdgroup_multiply_accumulate(sum, a, b, sum);\n"
              "  simdgroup_store(sum, c, 8);\n}"),
        {3}, {64});
    dispatch.threadgroup_lengths[0] = 1024;
    hand::bind(dispatch, 0, data);
    return counted(dispatch);
  };
  Counts f32 = products("float", "float");
  CHECK_EQUAL(f32.matrix_f32, 3u * 2 * 5);
  CHECK_EQUAL(f32.matrix_f16 + f32.matrix_bf16, 0u);
  CHECK_EQUAL(f32.threadgroup_bytes_read, 6u * 512);
  CHECK_EQUAL(f32.device_bytes_written, 6u * 256);
  CHECK_EQUAL(f32.device_bytes_written_unique, 256u);
  // 64 neighbouring words, then two columns of eight rows at a time.
  CHECK_EQUAL(f32.threadgroup_requests, 6u * 3);
  CHECK_EQUAL(f32.integer + f32.multiply_adds + f32.additions, 0u);
  CHECK_EQUAL(products("half", "half").matrix_f16, 30u);
  CHECK_EQUAL(products("bfloat", "bfloat").matrix_bf16, 30u);
  CHECK_EQUAL(products("half", "float").matrix_f32, 30u);
  CHECK_EQUAL(products("half", "half").threadgroup_bytes_read, 6u * 256);
  CHECK_EQUAL(products("half", "half").conversions, 0u);
}

TEST("an atomic histogram") {
  std::vector<uint32_t> values(256), bins(8);
  for (uint32_t i = 0; i < 256; i++) values[i] = i * i;
  Dispatch dispatch =
      hand::dispatch(built("kernel void f(device const uint* values [[buffer(0)]], device atomic_uint* bins "
                           "[[buffer(1)]], uint i "
                           "[[thread_position_in_grid]]) { atomic_fetch_add_explicit(&bins[values[i] % 8], "
                           "1u, memory_order_relaxed); }"),
                     {4}, {64});
  hand::bind(dispatch, 0, values);
  hand::bind(dispatch, 1, bins);
  Counts counts = counted(dispatch);
  CHECK_EQUAL(counts.atomics, 256u);
  CHECK_EQUAL(counts.buffers[1].read, 1024u);
  CHECK_EQUAL(counts.buffers[1].written, 1024u);
  CHECK_EQUAL(counts.buffers[1].unique_written, 12u);  // squares modulo 8 are 0, 1 and 4
}

TEST("counts do not depend on workers, schedules and seeds") {
  std::vector<float> in(1024), out(1024);
  Dispatch dispatch = hand::dispatch(
      built("kernel void f(device const float* in [[buffer(0)]], device float* out [[buffer(1)]], uint i "
            "[[thread_position_in_grid]], uint t [[thread_index_in_threadgroup]]) {\n  threadgroup float "
            "s[256];\n"
            "  s[t] = in[i];\n  threadgroup_barrier(mem_flags::mem_threadgroup);\n"
            "  if (t % 3 == 0) s[t] += 1; else if (t % 3 == 1) s[t] *= 2;\n"
            "  for (uint k = 0; k < t % 5; k++) out[i] += s[t];\n"
            "  threadgroup_barrier(mem_flags::mem_threadgroup);\n  out[i] = s[(t * 7) % 256];\n}"),
      {4}, {256});
  hand::bind(dispatch, 0, in);
  hand::bind(dispatch, 1, out);
  const std::string expected = to_json(counted(dispatch));
  for (Schedule schedule : {Schedule::kInOrder, Schedule::kReverse, Schedule::kRandom, Schedule::kLockstep})
    for (uint64_t seed = 1; seed <= 3; seed++)
      CHECK_EQUAL(to_json(counted(dispatch, schedule, seed)), expected);
}

TEST("a dispatch with stats adds to the log") {
  CountLog::shared().clear();
  std::vector<float> out(32);
  Dispatch dispatch = hand::dispatch(built("kernel void f(device float* out [[buffer(0)]], uint i "
                                           "[[thread_position_in_grid]]) { out[i] = i; }"),
                                     {1}, {32});
  hand::bind(dispatch, 0, out);
  dispatch.label = "ramp";
  counted(dispatch);
  std::vector<CountEntry> all = CountLog::shared().all();
  CHECK_EQUAL(all.size(), 1u);
  CHECK_EQUAL(all[0].kernel, "f");
  CHECK_EQUAL(all[0].label, "ramp");
  CHECK_EQUAL(all[0].counts.conversions, 32u);
  CountLog::shared().clear();
}

TEST("a product that waits for a shuffle before it is added is a multiply-add still") {
  std::vector<float> data(32, 2);
  Dispatch dispatch = hand::dispatch(
      built("kernel void f(device float* p [[buffer(0)]], uint i [[thread_index_in_simdgroup]]) {\n"
            "  float x = p[i], y = x * x;\n  p[i] = y + simd_shuffle_down(x, 1);\n}"),
      {1}, {32});
  hand::bind(dispatch, 0, data);
  Counts counts = counted(dispatch);
  CHECK_EQUAL(counts.multiply_adds, 32u);
  CHECK_EQUAL(counts.additions + counts.multiplications, 0u);
}
