// simdgroup_matrix against its definition.
#include <cmath>

#include "check.h"
#include "dispatches.h"
#include "formats.h"
#include "kernel_run.h"
#include "report/report.h"

using namespace softmetal;

namespace {

// Runs one simdgroup; buffer 0 is the result, then the inputs.
std::vector<float> run(const std::string& body, size_t results, std::vector<std::vector<float>> inputs = {}) {
  std::string text =
      "#include <metal_stdlib>\nusing namespace metal;\nkernel void f(device float* out [[buffer(0)]], ";
  for (size_t i = 0; i < inputs.size(); i++) {
    std::string index = std::to_string(i + 1);
    text += "device float* in" + index + " [[buffer(" + index + ")]], ";
  }
  text += "uint lane [[thread_index_in_simdgroup]]) {\n" + body + "\n}\n";
  Dispatch dispatch = hand::dispatch(compile_kernel(text, {}).kernel, {1}, {32});
  std::vector<float> out(results, -1.0f);
  hand::bind(dispatch, 0, out);
  for (size_t i = 0; i < inputs.size(); i++) hand::bind(dispatch, i + 1, inputs[i]);
  DispatchResult result = run_dispatch(dispatch, hand::settings());
  for (const Report& report : result.reports) throw std::runtime_error(to_text(report));
  return out;
}

std::vector<float> counting(size_t count) {
  std::vector<float> values(count);
  for (size_t i = 0; i < count; i++) values[i] = float(i);
  return values;
}

// Numbers that half and bfloat hold exactly.
std::vector<float> small_numbers(size_t count, int seed) {
  std::vector<float> values(count);
  for (size_t i = 0; i < count; i++) values[i] = float(int((i * 37 + seed * 11) % 23) - 11) / 4;
  return values;
}
std::vector<float> odd_numbers(size_t count, int seed) {
  std::vector<float> values(count);
  for (size_t i = 0; i < count; i++) values[i] = std::sin(float(i * 7 + seed)) * 3;
  return values;
}

std::vector<float> product(const std::vector<float>& a, const std::vector<float>& b,
                           const std::vector<float>& c) {
  std::vector<float> d = c;
  for (int row = 0; row < 8; row++) {
    for (int column = 0; column < 8; column++) {
      for (int k = 0; k < 8; k++) {
        d[row * 8 + column] = std::fma(a[row * 8 + k], b[k * 8 + column], d[row * 8 + column]);
      }
    }
  }
  return d;
}

// Row * 8 + column of the first element of each lane; the second is right of it.
const int kFirstElement[32] = {0,  2,  8,  10, 16, 18, 24, 26, 4,  6,  12, 14, 20, 22, 28, 30,
                               32, 34, 40, 42, 48, 50, 56, 58, 36, 38, 44, 46, 52, 54, 60, 62};

}  // namespace

TEST("simdgroup_matrix: thread_elements() are Apple's two of each lane") {
  std::vector<float> out = run(R"(
    simdgroup_float8x8 m;
    simdgroup_load(m, in1);
    out[lane * 2] = m.thread_elements()[0];
    out[lane * 2 + 1] = m.thread_elements()[1];)",
                               64, {counting(64)});
  for (int lane = 0; lane < 32; lane++) {
    CHECK_EQUAL(out[lane * 2], float(kFirstElement[lane]));
    CHECK_EQUAL(out[lane * 2 + 1], float(kFirstElement[lane] + 1));
  }
}

TEST("simdgroup_matrix: writing thread_elements() writes the matrix") {
  std::vector<float> out = run(R"(
    simdgroup_float8x8 m;
    m.thread_elements()[0] = lane;
    m.thread_elements()[1] = lane + 100;
    simdgroup_store(m, out);)",
                               64);
  for (int lane = 0; lane < 32; lane++) {
    CHECK_EQUAL(out[kFirstElement[lane]], float(lane));
    CHECK_EQUAL(out[kFirstElement[lane] + 1], float(lane + 100));
  }
}

TEST("simdgroup_matrix(value) is diagonal, make_filled_simdgroup_matrix fills") {
  std::vector<float> out = run(R"(
    simdgroup_store(simdgroup_float8x8(3.0f), out);
    simdgroup_store(make_filled_simdgroup_matrix<float, 8, 8>(5.0f), out + 64);
    simdgroup_float8x8 filled = make_filled_simdgroup_matrix<float, 8>(6.0f);
    simdgroup_store(filled, out + 128);)",
                               192);
  for (int i = 0; i < 64; i++) {
    CHECK_EQUAL(out[i], i / 8 == i % 8 ? 3.0f : 0.0f);
    CHECK_EQUAL(out[64 + i], 5.0f);
    CHECK_EQUAL(out[128 + i], 6.0f);
  }
}

TEST("simdgroup_load: elements per row, origin, transposition") {
  std::vector<float> out = run(R"(
    simdgroup_float8x8 m;
    simdgroup_load(m, in1, 20);
    simdgroup_store(m, out);
    simdgroup_load(m, in1, 20, ulong2(5, 2));
    simdgroup_store(m, out + 64);
    simdgroup_load(m, in1, 20, ulong2(0), true);
    simdgroup_store(m, out + 128);
    simdgroup_load(m, in1, 20, ulong2(5, 2), true);
    simdgroup_store(m, out + 192);
    simdgroup_load(m, in1 + 3, 8, 0, false);
    simdgroup_store(m, out + 256);)",
                               320, {counting(400)});
  for (int row = 0; row < 8; row++) {
    for (int column = 0; column < 8; column++) {
      int i = row * 8 + column;
      CHECK_EQUAL(out[i], float(row * 20 + column));
      CHECK_EQUAL(out[64 + i], float((row + 2) * 20 + column + 5));
      CHECK_EQUAL(out[128 + i], float(column * 20 + row));
      CHECK_EQUAL(out[192 + i], float((column + 5) * 20 + row + 2));
      CHECK_EQUAL(out[256 + i], float(3 + i));
    }
  }
}

TEST("simdgroup_store: elements per row, origin, transposition") {
  std::vector<float> out = run(R"(
    simdgroup_float8x8 m;
    simdgroup_load(m, in1);
    simdgroup_store(m, out, 16);
    simdgroup_store(m, out, 16, ulong2(8, 8));
    simdgroup_store(m, out + 256, 8, 0, true);
    simdgroup_store(m, out + 320, 16, ulong2(8, 1), true);)",
                               320 + 256, {counting(64)});
  for (int row = 0; row < 8; row++) {
    for (int column = 0; column < 8; column++) {
      float value = row * 8 + column;
      CHECK_EQUAL(out[row * 16 + column], value);
      CHECK_EQUAL(out[(row + 8) * 16 + column + 8], value);
      CHECK_EQUAL(out[256 + column * 8 + row], value);
      CHECK_EQUAL(out[320 + (column + 8) * 16 + row + 1], value);
    }
  }
  CHECK_EQUAL(out[8], -1.0f);
}

TEST("simdgroup_matrix in threadgroup, constant and thread memory") {
  std::vector<float> out = run(R"(
    threadgroup half shared[128];
    for (uint i = lane; i < 128; i += 32) shared[i] = half(in1[i]);
    threadgroup_barrier(mem_flags::mem_threadgroup);
    simdgroup_half8x8 m;
    simdgroup_load(m, shared + 64, 8, 0, true);
    threadgroup_barrier(mem_flags::mem_threadgroup);
    simdgroup_store(m, shared);
    threadgroup_barrier(mem_flags::mem_threadgroup);
    out[lane] = shared[lane];
    out[lane + 32] = shared[lane + 32];
    constant float* read_only = (constant float*)in1;
    simdgroup_float8x8 n;
    simdgroup_load(n, read_only);
    float mine[64];
    for (int i = 0; i < 64; i++) mine[i] = 0;
    simdgroup_store(n, mine);
    float sum = 0;
    for (int i = 0; i < 64; i++) sum += mine[i];
    out[64 + lane] = sum;)",
                               96, {counting(128)});
  for (int i = 0; i < 64; i++) CHECK_EQUAL(out[i], float(64 + i % 8 * 8 + i / 8));
  for (int lane = 0; lane < 32; lane++) CHECK_EQUAL(out[64 + lane], float(2 * kFirstElement[lane] + 1));
}

TEST("simdgroup_multiply_accumulate in float is a chain of fused multiply-adds, k ascending") {
  std::vector<float> a = odd_numbers(64, 1), b = odd_numbers(64, 2), c = odd_numbers(64, 3);
  std::vector<float> out = run(R"(
    simdgroup_float8x8 a, b, c, d;
    simdgroup_load(a, in1);
    simdgroup_load(b, in2);
    simdgroup_load(c, in3);
    simdgroup_multiply_accumulate(d, a, b, c);
    simdgroup_store(d, out);
    simdgroup_multiply_accumulate(c, a, b, c);
    simdgroup_store(c, out + 64);
    simdgroup_multiply(d, a, b);
    simdgroup_store(d, out + 128);
    simdgroup_store(a * b, out + 192);)",
                               256, {a, b, c});
  std::vector<float> sum = product(a, b, c), plain = product(a, b, std::vector<float>(64));
  for (int i = 0; i < 64; i++) {
    CHECK_EQUAL(out[i], sum[i]);
    CHECK_EQUAL(out[64 + i], sum[i]);
    CHECK_EQUAL(out[128 + i], plain[i]);
    CHECK_EQUAL(out[192 + i], plain[i]);
  }
}

namespace {
float rounded_to(const std::string& type, float value) {
  const Format& format = type == "half" ? kHalf : type == "bfloat" ? kBfloat : kFloat;
  return float(decode(format, encode(format, value)));
}

// d = a * b + c with these types of operands, numbers that are exact in all of them.
void check_types(const std::string& d, const std::string& a, const std::string& b, const std::string& c) {
  std::vector<float> values[3] = {small_numbers(64, 1), small_numbers(64, 2), small_numbers(64, 3)};
  std::string body;
  const std::string names[3] = {"a", "b", "c"}, types[3] = {a, b, c};
  for (int i = 0; i < 3; i++) {
    const std::string &n = names[i], &t = types[i], in = "in" + std::to_string(i + 1);
    body += "threadgroup " + t + " shared_" + n + "[64]; shared_" + n + "[lane] = " + t + "(" + in +
            "[lane]); shared_" + n + "[lane + 32] = " + t + "(" + in + "[lane + 32]);\n";
    body += "threadgroup_barrier(mem_flags::mem_threadgroup);\nsimdgroup_" + t + "8x8 " + n +
            "; simdgroup_load(" + n + ", shared_" + n + ");\n";
  }
  body += "threadgroup " + d + " result[64]; simdgroup_" + d + "8x8 d;\n";
  body += "simdgroup_multiply_accumulate(d, a, b, c); simdgroup_store(d, result);\n";
  body += "threadgroup_barrier(mem_flags::mem_threadgroup);\n";
  body += "out[lane] = float(result[lane]); out[lane + 32] = float(result[lane + 32]);";
  std::vector<float> out = run(body, 64, {values[0], values[1], values[2]});
  std::vector<float> wanted = product(values[0], values[1], values[2]);
  for (int i = 0; i < 64; i++) CHECK_EQUAL(out[i], rounded_to(d, wanted[i]));
}
}  // namespace

TEST("half operands: sums in float, one rounding") { check_types("half", "half", "half", "half"); }
TEST("bfloat operands: sums in float, one rounding") { check_types("bfloat", "bfloat", "bfloat", "bfloat"); }
TEST("half operands, float sums") { check_types("float", "half", "half", "float"); }
TEST("bfloat operands, float sums") { check_types("float", "bfloat", "bfloat", "float"); }
TEST("a half and a float operand") { check_types("float", "half", "float", "float"); }
TEST("a float sum rounded to half") { check_types("half", "float", "float", "float"); }

namespace {
std::string refusal(const std::string& body) {
  try {
    run(body, 64);
  } catch (const std::runtime_error& error) {
    return error.what();
  }
  return "accepted";
}
}  // namespace

// What kernels in the wild count on, though nothing promises it.
constexpr const char* kNoBarrier = R"(#include <metal_stdlib>
using namespace metal;
kernel void f(device float* out [[buffer(0)]], uint lane [[thread_index_in_simdgroup]]) {
  threadgroup float tile[64], copy[64];
  tile[lane] = float(lane);
  if (lane % 2 == 0) tile[lane + 32] = float(lane + 32);
  if (lane % 2 == 1) tile[lane + 32] = float(lane + 32);
  simdgroup_float8x8 m;
  simdgroup_load(m, tile, 8);
  simdgroup_store(m, copy, 8);
  out[lane] = copy[63 - lane];
  out[lane + 32] = copy[31 - lane];
})";

TEST("all lanes meet before a matrix is loaded and after it is stored, but in random schedules") {
  for (Schedule schedule : {Schedule::kInOrder, Schedule::kReverse}) {
    Dispatch dispatch = hand::dispatch(compile_kernel(kNoBarrier, {}).kernel, {1}, {32});
    std::vector<float> out(64, -1.0f);
    hand::bind(dispatch, 0, out);
    CHECK(run_dispatch(dispatch, hand::settings(schedule)).reports.empty());
    for (int i = 0; i < 64; i++) CHECK_EQUAL(out[i], float(63 - i));
  }
}

TEST("to meet for a matrix is no barrier: memory without one is a race") {
  KernelRun run;
  run.mode = BuildMode::kInstrumented;
  Dispatch dispatch = hand::dispatch(compile_kernel(kNoBarrier, run).kernel, {1}, {32});
  std::vector<float> out(64);
  hand::bind(dispatch, 0, out);
  Settings settings = hand::settings();
  settings.validate = true;
  DispatchResult result = run_dispatch(dispatch, settings);
  bool race = false;
  for (const Report& report : result.reports) race |= report.kind == ReportKind::kThreadgroupRace;
  CHECK(race);
}

TEST("simdgroup_matrix of other sizes or types, and asynchronous copies, are compile errors that say so") {
  CHECK_CONTAINS(refusal("simdgroup_matrix<float, 16, 16> m(0.0f); simdgroup_store(m, out);"), "8x8 only");
  CHECK_CONTAINS(refusal("simdgroup_matrix<int, 8, 8> m; m.thread_elements()[0] = 1;"),
                 "float, half or bfloat");
  CHECK_CONTAINS(refusal("simdgroup_event e; e.async_copy(out, out + 1, 3);"), "not supported");
}
