// Workers that really run side by side: what they find does not depend on who comes first.
#include <atomic>
#include <set>
#include <thread>

#include "check.h"
#include "unit/check_driver.h"

using namespace softmetal;

namespace {

constexpr uint32_t kGroups = 24, kWorkers = 4;

// Runs `body(driver, group, worker)` for every threadgroup, on several threads; the reports as one text.
template <class Body>
std::string run(Driver& driver, Body body) {
  driver.set_grid(64, kGroups);
  driver.make_workers(kWorkers);
  std::atomic<uint32_t> next{0};
  std::vector<std::thread> threads;
  for (uint32_t worker = 0; worker < kWorkers; ++worker) {
    threads.emplace_back([&, worker] {
      for (uint32_t group; (group = next++) < kGroups;) {
        driver.begin(group, int(worker));
        body(driver, group, int(worker));
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  std::string text;
  for (Report& report : driver.finish()) {
    report.occurrences = 1;
    text += to_text(report) + "\n";
  }
  return text;
}

}  // namespace

TEST("a clean kernel is silent with many workers") {
  for (int round = 0; round < 50; ++round) {
    Driver driver;
    driver.dispatch.order_domain =
        100000 + round / 2;  // two dispatches share a domain; both read, one writes
    std::string text = run(driver, [&](Driver& d, uint32_t group, int worker) {
      for (uint32_t t = 0; t < 64; ++t) {
        d.read(t, d.in + 16 * t, 16, 1, worker);
        d.write(t, d.tile(4 * t, worker), 4, 2, worker);
        d.access(t, SM_ATOMIC, d.out + 4000, 4, 3, worker);
      }
      d.barrier(SM_MEM_THREADGROUP, worker);
      for (uint32_t t = 0; t < 64; ++t) {
        d.read(t, d.tile(252 - 4 * t, worker), 4, 4, worker);
        d.write(t, d.out + 64 * group + t, 1, 5, worker);
      }
    });
    CHECK_EQUAL(text, "");
  }
}

TEST("one racing byte among many is found in every run, in the same words") {
  std::set<std::string> texts;
  for (int round = 0; round < 200; ++round) {
    Driver driver;
    texts.insert(run(driver, [&](Driver& d, uint32_t group, int worker) {
      for (uint32_t t = 0; t < 64; ++t) d.write(t, d.out + 64 * group + t, 1, 5, worker);
      if (group == 7) d.write(3, d.out + 64 * 9 + 5, 1, 6, worker);
    }));
  }
  CHECK_EQUAL(texts.size(), size_t(1));
  CHECK_CONTAINS(*texts.begin(),
                 "k.metal:6:3: error: race on device memory: threadgroup (7, 0, 0) writes what "
                 "threadgroup (9, 0, 0) writes at k.metal:5:3");
}

TEST("cells are split and atomics added while others look") {
  for (int round = 0; round < 100; ++round) {
    Driver driver;
    std::string text = run(driver, [&](Driver& d, uint32_t group, int worker) {
      uint32_t size = 1u << group % 5;
      for (uint32_t offset = 0; offset < 4096; offset += size) d.read(1, d.out + offset, size, 5, worker);
      if (group % 5 == 2) d.access(2, SM_ATOMIC_READ, d.out + 64, 4, 6, worker);
      if (group == 13) d.write(2, d.out + 3001, 1, 7, worker);
    });
    CHECK_CONTAINS(text, "k.metal:7:3: error: race on device memory: threadgroup (13, 0, 0) writes");
    CHECK(text.find("k.metal:6") == std::string::npos);
  }
}
