// Races, rule by rule, on accesses played by hand.
#include "check.h"
#include "check/group_history.h"
#include "unit/check_driver.h"

using namespace softmetal;

namespace {
constexpr uint32_t kTg = SM_MEM_THREADGROUP, kDev = SM_MEM_DEVICE, kNone = SM_MEM_NONE;
}

TEST("a missing threadgroup barrier: both places and threads are named") {
  Driver d;
  d.begin(0);
  d.write(5, d.tile(20), 4, 12);
  d.read(37, d.tile(20), 4, 15);
  Report report = d.only();
  CHECK(report.kind == ReportKind::kThreadgroupRace);
  CHECK_EQUAL(report.location.line, 15);
  CHECK_EQUAL(report.message,
              "race on threadgroup memory: thread 37 reads what thread 5 writes at k.metal:12:3; no "
              "threadgroup_barrier(mem_flags::mem_threadgroup) lies between");
  CHECK_EQUAL(report.notes.size(), size_t(1));
  CHECK_EQUAL(report.notes[0].location.line, 12);
  CHECK_EQUAL(report.argument->offset, int64_t(20));
}

TEST("whichever thread comes first, a race is told in the same words") {
  std::string texts[2];
  for (int order = 0; order < 2; ++order) {
    Driver d;
    d.begin(0);
    d.write(1, d.tile(20), 4, 1);
    d.barrier(kTg);
    if (order == 0) d.write(5, d.tile(20), 4, 12);
    d.read(37, d.tile(16), 16, 15);
    if (order == 1) d.write(5, d.tile(20), 4, 12);
    for (const Report& report : d.finish()) {
      if (report.kind == ReportKind::kThreadgroupRace) texts[order] = to_text(report);
    }
  }
  CHECK(!texts[0].empty());
  CHECK_EQUAL(texts[0], texts[1]);
}

TEST("barriers order the memory that their flags name, and no other") {
  struct Row {
    uint32_t flags;
    const char* threadgroup;
    const char* device;
  };
  for (Row row : {Row{kTg, "", "device-race 4/2"}, Row{kDev, "threadgroup-race 3/1", ""},
                  Row{kTg | kDev, "", ""}, Row{kNone, "threadgroup-race 3/1", "device-race 4/2"}}) {
    Driver d;
    d.begin(0);
    d.write(5, d.tile(20), 4, 1);
    d.write(5, d.out + 20, 4, 2);
    d.barrier(row.flags);
    d.read(40, d.tile(20), 4, 3);
    d.read(40, d.out + 20, 4, 4);
    std::string wanted =
        std::string(row.device) + (*row.device && *row.threadgroup ? ", " : "") + row.threadgroup;
    CHECK_EQUAL(d.found(), wanted);
  }
}

TEST("a barrier with the wrong flags is named as such") {
  Driver d;
  d.begin(0);
  d.write(5, d.tile(20), 4, 1);
  d.barrier(kDev);
  d.read(40, d.tile(20), 4, 3);
  CHECK_CONTAINS(d.only().message,
                 "the threadgroup_barrier between them does not have mem_flags::mem_threadgroup");
}

TEST("a simdgroup barrier orders its own simdgroup only") {
  Driver d;
  d.begin(0);
  d.write(5, d.tile(20), 4, 1);
  d.write(6, d.out + 20, 4, 2);
  d.simdgroup_barrier(0, kTg);
  d.read(7, d.tile(20), 4, 3);
  d.read(7, d.out + 20, 4, 4);
  d.read(33, d.tile(20), 4, 5);
  CHECK_EQUAL(d.found(), "device-race 4/2, threadgroup-race 5/1");
}

TEST("within a simdgroup both barriers are proposed") {
  Driver d;
  d.begin(0);
  d.write(5, d.tile(20), 4, 1);
  d.read(7, d.tile(20), 4, 3);
  CHECK_CONTAINS(d.only().message, "or simdgroup_barrier(mem_flags::mem_threadgroup) lies between");
}

TEST("a third reader in another simdgroup is not forgotten") {
  Driver d;
  d.begin(0);
  d.write(1, d.tile(0), 4, 1);
  d.barrier(kTg);
  d.read(0, d.tile(0), 4, 2);
  d.read(32, d.tile(0), 4, 3);
  d.read(33, d.tile(0), 4, 4);
  d.simdgroup_barrier(1, kTg);
  d.write(34, d.tile(0), 4, 5);
  CHECK_EQUAL(d.found(), "threadgroup-race 5/2");
}

TEST("of three readers the one in another simdgroup is kept, also when it came last") {
  Driver d;
  d.begin(0);
  d.write(1, d.tile(0), 4, 1);
  d.barrier(kTg);
  d.read(0, d.tile(0), 4, 2);
  d.read(1, d.tile(0), 4, 3);
  d.read(32, d.tile(0), 4, 4);
  d.simdgroup_barrier(0, kTg);
  d.write(2, d.tile(0), 4, 5);
  CHECK_EQUAL(d.found(), "threadgroup-race 5/4");
}

TEST("when the number of barriers is nearly used up, the next threadgroup starts afresh") {
  constexpr uint32_t kMany = 0xf0000001u;
  auto ignore = [](Slot, sm_access_kind, uint32_t) {};
  GroupHistory history;
  history.begin_group();
  for (uint32_t i = 0; i < kMany; ++i) history.clock.threadgroup_barrier(true);
  history.enter(0, 0, 4, SM_WRITE, 0, 1, ignore);
  CHECK(history.written(0));
  history.begin_group();
  CHECK(history.clock.now() < 10);
  CHECK(!history.written(0));
}

TEST("neighbouring small elements do not race; overlapping ones do") {
  Driver d;
  d.begin(0);
  for (uint32_t t = 0; t < 64; ++t) d.write(t, d.tile(t), 1, 1);
  for (uint32_t t = 0; t < 32; ++t) d.write(t, d.rest(2 * t), 2, 2);
  d.barrier(kTg);
  d.write(0, d.tile(0), 4, 3);
  d.write(1, d.tile(4), 1, 4);
  CHECK_EQUAL(d.found(), "");
  d.begin(0);
  d.write(0, d.tile(0), 4, 5);
  d.write(1, d.tile(3), 1, 6);
  CHECK_EQUAL(d.found(), "threadgroup-race 6/5");
}

TEST("atomics do not race with each other, but with plain accesses") {
  Driver d;
  d.begin(0);
  d.access(0, SM_ATOMIC_WRITE, d.tile(0), 4, 1);
  d.access(1, SM_ATOMIC, d.tile(0), 4, 2);
  d.access(40, SM_ATOMIC_READ, d.tile(0), 4, 3);
  d.barrier(kTg);
  d.access(0, SM_ATOMIC, d.tile(0), 4, 4);
  d.read(1, d.tile(0), 4, 5);
  d.barrier(kTg);
  d.access(0, SM_ATOMIC_READ, d.tile(0), 4, 6);
  d.read(1, d.tile(0), 4, 7);
  d.write(2, d.tile(0), 4, 8);
  CHECK_EQUAL(d.found(), "threadgroup-race 5/4, threadgroup-race 8/6, threadgroup-race 8/7");
}

TEST("threadgroups of one dispatch race on device memory, whatever barriers they have") {
  Driver d;
  d.set_grid(64, 3);
  d.begin(0);
  d.write(1, d.out, 4, 1);
  d.write(1, d.out + 4, 4, 2);
  d.barrier(kDev);
  d.begin(1);
  d.read(2, d.out, 4, 3);
  d.write(2, d.out + 8, 4, 4);
  Report report = d.only();
  CHECK(report.kind == ReportKind::kGridRace);
  CHECK_EQUAL(report.message,
              "race on device memory: threadgroup (1, 0, 0) reads what threadgroup (0, 0, 0) writes at "
              "k.metal:1:3; nothing orders the threadgroups of a dispatch");
  CHECK_EQUAL(report.notes[0].message, "thread 1 of threadgroup (0, 0, 0) writes it here");
}

TEST("threadgroup memory of two threadgroups is not the same memory") {
  Driver d;
  d.set_grid(64, 2);
  d.begin(0);
  d.write(1, d.tile(0), 4, 1);
  d.begin(1);
  d.write(2, d.tile(0), 4, 2);
  CHECK_EQUAL(d.found(), "");
}

TEST("threadgroups on two workers race; reading and atomics together do not") {
  Driver d;
  d.set_grid(64, 2);
  d.begin(0, 0);
  d.begin(1, 1);
  for (int worker = 0; worker < 2; ++worker) {
    d.read(0, d.in, 16, 1, worker);
    d.access(0, SM_ATOMIC, d.out + 64, 4, 2, worker);
    d.write(0, d.out + 4 * worker, 4, 3, worker);
  }
  CHECK_EQUAL(d.found(), "");
  d.begin(0, 0);
  d.begin(1, 1);
  d.write(0, d.out, 4, 4, 0);
  d.write(9, d.out + 2, 2, 5, 1);
  CHECK_EQUAL(d.found(), "grid-race 5/4");
}

TEST("a writer finds the reader of another threadgroup even when its own read first") {
  Driver d;
  d.set_grid(64, 2);
  d.begin(0, 0);
  d.begin(1, 1);
  d.read(0, d.out, 4, 1, 0);
  d.read(0, d.out, 4, 2, 1);
  d.write(0, d.out, 4, 3, 0);
  CHECK_EQUAL(d.found(), "grid-race 3/2");
}

TEST("dispatches of one order domain race; those of another, or without one, do not") {
  for (uint64_t second : {7, 8, 0}) {
    Driver d;
    d.dispatch.order_domain = 7;
    d.begin(0);
    d.write(0, d.out, 4, 1);
    CHECK_EQUAL(d.found(), "");
    d.dispatch.order_domain = second;
    d.begin(0);
    d.read(0, d.out, 4, 2);
    CHECK_EQUAL(d.found(), second == 7 ? "grid-race 2/1" : "");
  }
}

TEST("what other dispatches only read, a dispatch of the same domain must not write") {
  Driver d;
  d.dispatch.order_domain = 71;
  d.dispatch.buffers[0] = {d.out, 64, true};
  d.dispatch.buffers[1] = {d.in, 64, true};
  d.begin(0);
  d.read(0, d.out, 4, 1);
  CHECK_EQUAL(d.found(), "");
  d.dispatch.buffers[1] = {d.out, 64, true};
  d.begin(0);
  d.write(0, d.out, 4, 2);
  Report report = d.only();
  CHECK_CONTAINS(report.message, "of another dispatch (kernel f)");
  CHECK_CONTAINS(report.message, "no barrier of the encoder orders the two dispatches");
}

TEST("a forgotten buffer has no past") {
  Driver d;
  d.dispatch.order_domain = 9;
  d.begin(0);
  d.write(0, d.out, 4, 1);
  d.write(0, d.out + 4, 4, 2);
  d.finish();
  forget_device_memory(d.out, 4);
  d.begin(0);
  d.read(0, d.out, 4, 3);
  d.read(0, d.out + 4, 4, 4);
  CHECK_EQUAL(d.found(), "grid-race 4/2");
}
