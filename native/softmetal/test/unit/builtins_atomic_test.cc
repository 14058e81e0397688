// metal_atomic: each operation against its sequential meaning, and under contention of all threads of a grid.
#include <algorithm>
#include <cstring>

#include "unit/builtins_list.h"
#include "unit/kernel_run.h"

namespace {

constexpr uint32_t kThreads = 4096;

// `body` in every thread of a large grid with `object` in device memory; its bits at the end.
template <class T>
T contended(const std::string& type, T start, const std::string& body) {
  std::vector<Memory> buffers{memory_of<T>({start}), Memory(4 * kThreads)};
  KernelRun run;
  run.threads = kThreads;
  run_kernel(
      "#include <metal_stdlib>\nusing namespace metal;\nkernel void f(device " + type +
          "* object [[buffer(0)]], device uint* out [[buffer(1)]], uint i [[thread_position_in_grid]]) {\n" +
          body + "}\n",
      run, buffers);
  return element<T>(buffers[0], 0);
}

template <class T>
std::vector<T> one_thread(const std::string& type, const std::string& value, T start,
                          const std::string& body) {
  std::vector<Memory> buffers{memory_of<T>({start}), Memory(2 * sizeof(T))};
  run_kernel("#include <metal_stdlib>\nusing namespace metal;\nkernel void f(device " + type +
                 "* object [[buffer(0)]], device " + value + "* out [[buffer(1)]]) {\n" + body + "}\n",
             KernelRun(), buffers);
  return {element<T>(buffers[1], 0), element<T>(buffers[1], 1), element<T>(buffers[0], 0)};
}

// The old value comes back, the new one is stored: for int, uint and, where it exists, float.
void check_fetch(const std::string& name, int64_t start, int64_t value, int64_t result, bool for_float) {
  std::string body = "out[0] = atomic_fetch_" + name + "_explicit(object, " + std::to_string(value) +
                     ", memory_order_relaxed);\n";
  std::vector<int> got = one_thread<int>("atomic_int", "int", int(start), body);
  CHECK_EQUAL(got[0], int(start));
  CHECK_EQUAL(got[2], int(result));
  std::vector<uint32_t> unsigned_got = one_thread<uint32_t>("atomic_uint", "uint", uint32_t(start), body);
  CHECK_EQUAL(unsigned_got[2], uint32_t(result));
  if (!for_float) return;
  std::vector<float> float_got = one_thread<float>("atomic_float", "float", float(start), body);
  CHECK_EQUAL(float_got[0], float(start));
  CHECK_EQUAL(float_got[2], float(result));
}

}  // namespace

TEST("atomic_load_explicit: and atomic_store_explicit keep the value") {
  std::vector<int> got = one_thread<int>("atomic_int", "int", 7,
                                         "out[0] = atomic_load_explicit(object, memory_order_relaxed);\n"
                                         "atomic_store_explicit(object, -9, memory_order_relaxed); out[1] = "
                                         "atomic_load_explicit(object, memory_order_relaxed);\n");
  CHECK_EQUAL(got[0], 7);
  CHECK_EQUAL(got[1], -9);
  CHECK_EQUAL(got[2], -9);
}
TEST("atomic_store_explicit: of every type") {
  std::string body = "atomic_store_explicit(object, VALUE, memory_order_relaxed);\n";
  auto with = [&](const std::string& value) {
    return std::string(body).replace(body.find("VALUE"), 5, value);
  };
  CHECK_EQUAL(one_thread<float>("atomic_float", "float", 0, with("2.5f"))[2], 2.5f);
  CHECK_EQUAL(one_thread<uint64_t>("atomic_ulong", "ulong", 0, with("1ul << 40"))[2], uint64_t(1) << 40);
  CHECK_EQUAL(int(one_thread<uint8_t>("atomic_bool", "bool", 0, with("true"))[2]), 1);
  CHECK_EQUAL(one_thread<uint32_t>("atomic<uint>", "uint", 0, with("3"))[2], 3u);
}
TEST("atomic_exchange_explicit: gives the old value") {
  std::vector<float> got = one_thread<float>(
      "atomic_float", "float", 1.5f, "out[0] = atomic_exchange_explicit(object, 2, memory_order_relaxed);\n");
  CHECK_EQUAL(got[0], 1.5f);
  CHECK_EQUAL(got[2], 2.0f);
}
TEST("atomic_compare_exchange_weak_explicit: exchanges only what was expected") {
  std::vector<int> got = one_thread<int>("atomic_int", "int", 5,
                                         "int expected = 4;\n"
                                         "bool first = atomic_compare_exchange_weak_explicit(object, "
                                         "&expected, 8, memory_order_relaxed, memory_order_relaxed);\n"
                                         "out[0] = first * 100 + expected;\n"
                                         "while (!atomic_compare_exchange_weak_explicit(object, &expected, "
                                         "8, memory_order_relaxed, memory_order_relaxed)) {}\n"
                                         "out[1] = expected;\n");
  CHECK_EQUAL(got[0], 5);
  CHECK_EQUAL(got[1], 5);
  CHECK_EQUAL(got[2], 8);
  CHECK_EQUAL(contended<uint32_t>("atomic_uint", 0,
                                  "uint seen = atomic_load_explicit(object, memory_order_relaxed);\n"
                                  "while (!atomic_compare_exchange_weak_explicit(object, &seen, seen + 3, "
                                  "memory_order_relaxed, memory_order_relaxed)) {}\n"),
              3 * kThreads);
}
TEST("atomic_fetch_add_explicit: alone and contended") {
  check_fetch("add", 40, 2, 42, true);
  CHECK_EQUAL(
      contended<int>("atomic_int", 1, "atomic_fetch_add_explicit(object, int(i), memory_order_relaxed);\n"),
      int(1 + kThreads * (kThreads - 1) / 2));
  CHECK_EQUAL(
      contended<float>("atomic_float", 0, "atomic_fetch_add_explicit(object, 0.5f, memory_order_relaxed);\n"),
      0.5f * kThreads);
}
TEST("atomic_fetch_sub_explicit: alone and contended") {
  check_fetch("sub", 40, 2, 38, true);
  CHECK_EQUAL(contended<uint32_t>("atomic_uint", 9999,
                                  "atomic_fetch_sub_explicit(object, 2u, memory_order_relaxed);\n"),
              9999 - 2 * kThreads);
}
TEST("atomic_fetch_and_explicit: alone and contended") {
  check_fetch("and", 0x5f, 0x33, 0x13, false);
  CHECK_EQUAL(
      contended<uint32_t>("atomic_uint", ~0u,
                          "atomic_fetch_and_explicit(object, ~(1u << (i % 31)), memory_order_relaxed);\n"),
      0x80000000u);
}
TEST("atomic_fetch_or_explicit: alone and contended") {
  check_fetch("or", 0x50, 0x33, 0x73, false);
  CHECK_EQUAL(
      contended<uint32_t>("atomic_uint", 0,
                          "atomic_fetch_or_explicit(object, 1u << (i % 31), memory_order_relaxed);\n"),
      0x7fffffffu);
}
TEST("atomic_fetch_xor_explicit: alone and contended") {
  check_fetch("xor", 0x50, 0x33, 0x63, false);
  uint32_t wanted = 0;
  for (uint32_t i = 0; i < kThreads; i++) wanted ^= i * 2654435761u;
  CHECK_EQUAL(
      contended<uint32_t>("atomic_uint", 0,
                          "atomic_fetch_xor_explicit(object, i * 2654435761u, memory_order_relaxed);\n"),
      wanted);
}
TEST("atomic_fetch_min_explicit: alone and contended, signed and unsigned") {
  check_fetch("min", 40, 2, 2, true);
  check_fetch("min", 2, 40, 2, true);
  CHECK_EQUAL(
      contended<int>("atomic_int", 5, "atomic_fetch_min_explicit(object, -int(i), memory_order_relaxed);\n"),
      1 - int(kThreads));
}
TEST("atomic_fetch_max_explicit: alone and contended, signed and unsigned") {
  check_fetch("max", 40, 2, 40, true);
  check_fetch("max", 2, 40, 40, true);
  CHECK_EQUAL(
      contended<uint32_t>("atomic_uint", 5, "atomic_fetch_max_explicit(object, i, memory_order_relaxed);\n"),
      kThreads - 1);
}
TEST("atomic_min_explicit: of 64 bits, without a result") {
  CHECK_EQUAL(contended<uint64_t>("atomic_ulong", ~0ul,
                                  "atomic_min_explicit(object, (1ul << 40) + i, memory_order_relaxed);\n"),
              uint64_t(1) << 40);
}
TEST("atomic_max_explicit: of 64 bits, without a result") {
  CHECK_EQUAL(contended<uint64_t>("atomic_ulong", 1,
                                  "atomic_max_explicit(object, (1ul << 40) + i, memory_order_relaxed);\n"),
              (uint64_t(1) << 40) + kThreads - 1);
}
TEST("atomic_thread_fence: orders a message before its flag; volatile and threadgroup objects") {
  CHECK_EQUAL(contended<uint32_t>("atomic_uint", 0, R"(
    threadgroup atomic_uint sum;
    if (i % 64 == 0) atomic_store_explicit(&sum, 0, memory_order_relaxed);
    threadgroup_barrier(mem_flags::mem_threadgroup);
    volatile threadgroup atomic_uint* place = &sum;
    atomic_fetch_add_explicit(place, 1u, memory_order_relaxed);
    atomic_thread_fence(mem_flags::mem_device, memory_order_seq_cst, thread_scope_device);
    threadgroup_barrier(mem_flags::mem_threadgroup);
    if (i % 64 == 0) {
      volatile device atomic_uint* total = object;
      atomic_fetch_add_explicit(total, atomic_load_explicit(&sum, memory_order_relaxed), memory_order_relaxed);
    })"),
              kThreads);
}
TEST("all of metal_atomic has tests") { check_chapter_is_tested("atomic"); }
