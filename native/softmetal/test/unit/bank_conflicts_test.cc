// Requests to threadgroup memory and their cycles, driven by hand.
#include "check.h"
#include "count_bench.h"

using namespace softmetal;

namespace {

// One request of 32 lanes that read `size` bytes, `stride` bytes apart.
Counts strided(uint32_t stride, uint32_t size, sm_access_kind kind = SM_READ) {
  Bench bench;
  for (uint32_t lane = 0; lane < 32; lane++) bench.touch_local(lane, lane * stride, size, kind);
  return bench.take();
}

void check_cycles(uint32_t stride, uint32_t size, uint64_t cycles_16, uint64_t cycles_32) {
  Counts counts = strided(stride, size);
  CHECK_EQUAL(counts.threadgroup_requests, 1u);
  CHECK_EQUAL(counts.bank_cycles_16, cycles_16);
  CHECK_EQUAL(counts.bank_cycles_32, cycles_32);
  CHECK_EQUAL(counts.threadgroup_bytes_read, 32u * size);
}

}  // namespace

TEST("bank cycles of 32 lanes reading floats, by stride in words") {
  check_cycles(4 * 0, 4, 1, 1);  // one word for all
  check_cycles(4 * 1, 4, 2, 1);
  check_cycles(4 * 2, 4, 4, 2);
  check_cycles(4 * 3, 4, 2, 1);
  check_cycles(4 * 8, 4, 16, 8);
  check_cycles(4 * 16, 4, 32, 16);
  check_cycles(4 * 17, 4, 2, 1);
  check_cycles(4 * 32, 4, 32, 32);
  check_cycles(4 * 33, 4, 2, 1);
}

TEST("bank cycles of halves, that share words, and of wide reads, that take several") {
  check_cycles(2, 2, 1, 1);         // 16 words
  check_cycles(2 * 34, 2, 2, 1);    // a column of a tile padded by one word
  check_cycles(2 * 32, 2, 32, 16);  // a column of a tile that is not padded
  check_cycles(8, 8, 4, 2);
  check_cycles(16, 16, 8, 4);
  check_cycles(64, 16, 32, 16);
  check_cycles(68, 4, 2, 1);
}

TEST("an access that is not aligned takes every word that it touches") {
  Bench bench;
  bench.touch_local(0, 2, 4);
  bench.touch_local(1, 66, 4);
  Counts counts = bench.take();
  CHECK_EQUAL(counts.bank_cycles_16, 2u);
  CHECK_EQUAL(counts.bank_cycles_32, 1u);
}

TEST("atomic operations on one word are served one after the other") {
  Counts counts = strided(0, 4, SM_ATOMIC);
  CHECK_EQUAL(counts.bank_cycles_16, 32u);
  CHECK_EQUAL(counts.bank_cycles_32, 32u);
  CHECK_EQUAL(strided(4, 4, SM_ATOMIC).bank_cycles_32, 1u);
}

TEST("the k-th execution of a site by each lane is one request, in whatever order lanes run") {
  Bench bench;
  // Site 1 twice, then site 2; lane after lane. Stride 1, then 16 words, then a broadcast.
  for (uint32_t lane = 32; lane-- > 0;) {
    bench.touch_local(lane, 4 * lane, 4, SM_READ, 1);
    bench.touch_local(lane, 64 * lane, 4, SM_READ, 1);
    bench.touch_local(lane, 0, 4, SM_READ, 2);
  }
  Counts counts = bench.take();
  CHECK_EQUAL(counts.threadgroup_requests, 3u);
  CHECK_EQUAL(counts.bank_cycles_16, 2u + 32 + 1);
  CHECK_EQUAL(counts.bank_cycles_32, 1u + 16 + 1);
}

TEST("lanes on different paths make requests of their own") {
  Bench bench;
  for (uint32_t lane = 0; lane < 32; lane++) {
    if (lane < 8) bench.touch_local(lane, 4 * lane, 4, SM_READ, 1);
    if (lane >= 8) bench.touch_local(lane, 4 * lane, 4, SM_READ, 2);
    bench.touch_local(lane, 4 * lane, 4, SM_WRITE, 3);
  }
  Counts counts = bench.take();
  CHECK_EQUAL(counts.threadgroup_requests, 3u);
  CHECK_EQUAL(counts.bank_cycles_16, 1u + 2 + 2);
  CHECK_EQUAL(counts.bank_cycles_32, 3u);
}

TEST("lanes that take no part do not split a request") {
  Bench bench;
  for (uint32_t lane = 0; lane < 32; lane += 2) bench.touch_local(lane, 4 * lane, 4);
  Counts counts = bench.take();
  CHECK_EQUAL(counts.threadgroup_requests, 1u);
  CHECK_EQUAL(counts.bank_cycles_16, 2u);
  CHECK_EQUAL(counts.bank_cycles_32, 1u);
}

TEST("meetings end requests: of their simdgroup, or of all at a threadgroup barrier") {
  Bench bench(64);
  auto half = [&](uint32_t lane) { bench.touch_local(lane, 4 * lane, 4); };
  half(0), half(32);
  bench.observer->simdgroup_barrier(0, SM_MEM_THREADGROUP);
  half(1), half(33);  // with 32 still in one request
  bench.observer->threadgroup_barrier(SM_MEM_THREADGROUP);
  half(2), half(34);
  bench.observer->collective(1, SM_SHUFFLE, ~0u, kPlace);
  half(35);
  CHECK_EQUAL(bench.take().threadgroup_requests, 6u);
}

TEST("what a threadgroup left behind when it was abandoned does not reach the next") {
  Bench bench;
  bench.touch_local(0, 0, 4);
  bench.observer->begin_group({}, 32, {bench.local.data(), 1024, {}});
  Counts counts = bench.take();
  CHECK_EQUAL(counts.threadgroup_requests, 0u);
}
