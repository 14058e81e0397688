// What the counter makes of what it observes: driven by hand, so that every number is known.
#include <thread>

#include "check.h"
#include "count/count_log.h"
#include "count_bench.h"

using namespace softmetal;

TEST("arithmetic is what a block computes times how often threads execute it, over all workers") {
  Bench bench;
  for (uint32_t thread = 0; thread < 32; thread++) bench.observer->block(thread, 0);
  for (int i = 0; i < 7; i++) bench.observer->block(5, 1);
  bench.observer->end_group();
  bench.begin();  // a second worker
  bench.observer->block(0, 0);
  Counts counts = bench.take();
  CHECK_EQUAL(counts.multiply_adds, 33u * 3);
  CHECK_EQUAL(counts.integer, 33u);
  CHECK_EQUAL(counts.exp2, 14u);
  CHECK_EQUAL(counts.additions, 0u);
  CHECK_EQUAL(counts.threadgroups, 2u);
  CHECK_EQUAL(counts.threads, 64u);
}

TEST("a threadgroup of 80 threads has 3 simdgroups") {
  Counts counts = Bench(80).take();
  CHECK_EQUAL(counts.simdgroups, 3u);
  CHECK_EQUAL(counts.threads, 80u);
}

TEST("collectives count once per simdgroup and by kind, barriers by scope") {
  Bench bench(64);
  const sm_operation operations[] = {SM_SHUFFLE, SM_REDUCE,     SM_PREFIX,     SM_VOTE,
                                     SM_SHUFFLE, SM_MATRIX_F32, SM_MATRIX_F16, SM_MATRIX_BF16};
  for (uint32_t simdgroup = 0; simdgroup < 2; simdgroup++) {
    for (sm_operation operation : operations) bench.observer->collective(simdgroup, operation, ~0u, kPlace);
    bench.observer->simdgroup_barrier(simdgroup, SM_MEM_NONE);
  }
  bench.observer->threadgroup_barrier(SM_MEM_THREADGROUP);
  Counts counts = bench.take();
  CHECK_EQUAL(counts.shuffles, 4u);
  CHECK_EQUAL(counts.reductions, 2u);
  CHECK_EQUAL(counts.prefixes, 2u);
  CHECK_EQUAL(counts.votes, 2u);
  CHECK_EQUAL(counts.matrix_f32, 2u);
  CHECK_EQUAL(counts.matrix_f16, 2u);
  CHECK_EQUAL(counts.matrix_bf16, 2u);
  CHECK_EQUAL(counts.simdgroup_barriers, 2u);
  CHECK_EQUAL(counts.threadgroup_barriers, 1u);
}

TEST("device memory: total bytes, unique bytes and bytes by buffer") {
  Bench bench;
  for (uint32_t thread = 0; thread < 32; thread++) {
    bench.touch(thread, bench.first + 4 * thread, 4);
    bench.touch(thread, bench.first, 16);
    bench.touch(thread, bench.second + 2 * thread + 1, 2, SM_WRITE);
  }
  bench.touch(0, bench.second + 60, 16, SM_READ);
  Counts counts = bench.take();
  CHECK_EQUAL(counts.device_bytes_read, 32u * 20 + 16);
  CHECK_EQUAL(counts.device_bytes_read_unique, 128u + 16);
  CHECK_EQUAL(counts.device_bytes_written, 64u);
  CHECK_EQUAL(counts.device_accesses, 32u * 3 + 1);
  CHECK_EQUAL(counts.device_bytes_written_unique, 64u);
  CHECK_EQUAL(counts.buffers.size(), 2u);
  CHECK_EQUAL(counts.buffers[0].read, 640u);
  CHECK_EQUAL(counts.buffers[0].accesses, 64u);
  CHECK_EQUAL(counts.buffers[0].unique_read, 128u);
  CHECK_EQUAL(counts.buffers[0].written, 0u);
  CHECK_EQUAL(counts.buffers[3].read, 16u);
  CHECK_EQUAL(counts.buffers[3].written, 64u);
  CHECK_EQUAL(counts.buffers[3].unique_written, 64u);
}

TEST("unique bytes are those of all workers together") {
  Bench bench;
  bench.touch(0, bench.first, 100);
  bench.observer->end_group();
  std::unique_ptr<Observer> one = std::move(bench.observer);
  bench.begin();
  bench.touch(0, bench.first + 50, 100);
  Counts counts = bench.take();
  CHECK_EQUAL(counts.device_bytes_read, 200u);
  CHECK_EQUAL(counts.device_bytes_read_unique, 150u);
}

TEST("workers that mark the same bytes at the same time lose none") {
  Bench bench;
  std::vector<std::thread> workers;
  for (uint32_t worker = 0; worker < 4; worker++) {
    workers.emplace_back([&, worker, observer = bench.count->observe_worker()] {
      for (uint32_t byte = worker; byte < 4096; byte += 4)
        observer->access({bench.first + byte, 1, SM_WRITE, 0, 0});
    });
  }
  for (std::thread& worker : workers) worker.join();
  CHECK_EQUAL(bench.take().device_bytes_written_unique, 4096u);
}

TEST("a byte bound twice belongs to the lower index") {
  Bench bench;
  bench.dispatch.buffers[3] = {bench.first + 1024, 1024, true};
  bench.dispatch.buffers[1] = {bench.first + 512, 2048, true};
  bench.count = count_dispatch(bench.dispatch);
  bench.begin();
  for (uint32_t at = 0; at < 4096; at += 256) bench.touch(0, bench.first + at, 256);
  Counts counts = bench.take();
  CHECK_EQUAL(counts.buffers.size(), 1u);
  CHECK_EQUAL(counts.buffers[0].read, 4096u);

  bench.dispatch.buffers[0] = {bench.first + 1536, 256, true};
  bench.count = count_dispatch(bench.dispatch);
  bench.begin();
  bench.touch(0, bench.first, 4096);  // begins in no buffer
  bench.touch(0, bench.first + 512, 2048);
  counts = bench.take();
  CHECK_EQUAL(counts.buffers[0].read, 256u);
  CHECK_EQUAL(counts.buffers[1].read, 2048u - 256);
  CHECK_EQUAL(counts.buffers.count(3), 0u);
  CHECK_EQUAL(counts.device_bytes_read, 2048u);
}

TEST("resident memory counts without an index; private and unknown memory does not count") {
  Bench bench;
  char resident[64], elsewhere[64];
  bench.dispatch.resident.push_back({resident, sizeof resident});
  bench.count = count_dispatch(bench.dispatch);
  bench.begin();
  CHECK(bench.touch(0, resident, 8) == resident);
  CHECK(bench.touch(0, elsewhere, 8) == elsewhere);
  Counts counts = bench.take();
  CHECK_EQUAL(counts.device_bytes_read, 8u);
  CHECK_EQUAL(counts.device_bytes_read_unique, 8u);
  CHECK(counts.buffers.empty());
}

TEST("atomic operations read and write, atomic loads and stores do one of them") {
  Bench bench;
  bench.touch(0, bench.first, 4, SM_ATOMIC);
  bench.touch(0, bench.first + 4, 4, SM_ATOMIC_READ);
  bench.touch(0, bench.first + 8, 4, SM_ATOMIC_WRITE);
  bench.touch_local(0, 0, 4, SM_ATOMIC);
  Counts counts = bench.take();
  CHECK_EQUAL(counts.atomics, 4u);
  CHECK_EQUAL(counts.device_bytes_read, 8u);
  CHECK_EQUAL(counts.device_bytes_written, 8u);
  CHECK_EQUAL(counts.threadgroup_bytes_read, 4u);
  CHECK_EQUAL(counts.threadgroup_bytes_written, 4u);
}

TEST("a division by zero is no access") {
  Bench bench;
  bench.observer->access({nullptr, 0, SM_ZERO_DIVISOR, 0, 0});
  Counts counts = bench.take();
  CHECK_EQUAL(counts.atomics, 0u);
  CHECK_EQUAL(counts.threadgroup_requests, 0u);
}

TEST("JSON has every count, with buffers by index") {
  Bench bench;
  bench.touch(0, bench.second, 8);
  std::string json = to_json(bench.take());
  for (const char* part :
       {"\"threads\": 32", "\"device_bytes_read\": 8", "\"bank_cycles_16\": 0", "\"comparisons\": 0",
        "\"buffers\": {\"3\": {\"name\": \"\", \"read\": 8, \"written\": 0, \"unique_read\": 8, "
        "\"unique_written\": 0, \"accesses\": 1}}}"})
    CHECK_CONTAINS(json, part);
}

TEST("the log keeps dispatches apart and adds them up by kernel") {
  CountLog log;
  Counts one;
  one.threads = 32;
  one.buffers[2] = {"out", 1, 2, 3, 4};
  log.add({"f", "first \"call\"", 1, one});
  log.add({"g", "", 1, one});
  log.add({"f", "second", 1, one});
  CHECK_EQUAL(log.all().size(), 3u);
  std::vector<CountEntry> sums = log.by_kernel();
  CHECK_EQUAL(sums.size(), 2u);
  CHECK_EQUAL(sums[0].kernel, "f");
  CHECK_EQUAL(sums[0].dispatches, 2u);
  CHECK_EQUAL(sums[0].counts.threads, 64u);
  CHECK_EQUAL(sums[0].counts.buffers[2].unique_written, 8u);
  CHECK_EQUAL(sums[0].counts.buffers[2].name, "out");
  CHECK_CONTAINS(to_json(log.all()),
                 "\"kernel\": \"f\", \"label\": \"first \\\"call\\\"\", \"dispatches\": 1");
  log.clear();
  CHECK_EQUAL(to_json(log.all()), "[]");
}
