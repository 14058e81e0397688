// Grids, threadgroups, positions, memory, schedules and the pool of workers.
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <mutex>
#include <numeric>
#include <thread>

#include "check.h"
#include "hand_kernel.h"

using namespace softmetal;
using hand::Size;

namespace {

const Schedule kSchedules[] = {Schedule::kInOrder, Schedule::kReverse, Schedule::kRandom,
                               Schedule::kLockstep};

std::vector<uint32_t> numbers(size_t count, uint32_t value = 0) {
  return std::vector<uint32_t>(count, value);
}

struct Seen {
  uint32_t in_grid[3], in_group[3], group[3], size[3], index, simdgroup, lane, simdgroups;
};

KERNEL void record_position(const sm_thread* t) {
  const sm_group& g = *t->group;
  const sm_uint *p = t->position_in_grid, *n = g.threads_per_grid;
  Seen& seen = hand::buffer<Seen>(t, 0)[(size_t(p[2]) * n[1] + p[1]) * n[0] + p[0]];
  for (int i = 0; i < 3; i++) {
    seen.in_grid[i] = p[i];
    seen.in_group[i] = t->position_in_threadgroup[i];
    seen.group[i] = g.threadgroup_position[i];
    seen.size[i] = g.threads_per_threadgroup[i];
  }
  seen.index = t->index_in_threadgroup;
  seen.simdgroup = t->simdgroup;
  seen.lane = t->lane;
  seen.simdgroups = g.simdgroups_per_threadgroup;
}

}  // namespace

TEST("threads know their positions, also in smaller threadgroups at the edges of a grid") {
  const uint32_t grid[3] = {21, 9, 3}, size[3] = {8, 4, 2};
  std::vector<Seen> seen(grid[0] * grid[1] * grid[2]);
  Dispatch dispatch = hand::dispatch(record_position, {1}, {8, 4, 2});
  std::copy_n(grid, 3, dispatch.threads_per_grid);
  hand::bind(dispatch, 0, seen);
  CHECK(!run_dispatch(dispatch, hand::settings()).faulted);
  for (uint32_t z = 0; z < grid[2]; z++) {
    for (uint32_t y = 0; y < grid[1]; y++) {
      for (uint32_t x = 0; x < grid[0]; x++) {
        const Seen& s = seen[(z * grid[1] + y) * grid[0] + x];
        const uint32_t at[3] = {x, y, z};
        for (int i = 0; i < 3; i++) {
          CHECK_EQUAL(s.in_grid[i], at[i]);
          CHECK_EQUAL(s.group[i], at[i] / size[i]);
          CHECK_EQUAL(s.in_group[i], at[i] % size[i]);
          CHECK_EQUAL(s.size[i], std::min(size[i], grid[i] - at[i] / size[i] * size[i]));
        }
        uint32_t index = (s.in_group[2] * s.size[1] + s.in_group[1]) * s.size[0] + s.in_group[0];
        CHECK_EQUAL(s.index, index);
        CHECK_EQUAL(s.simdgroup, index / 32);
        CHECK_EQUAL(s.lane, index % 32);
        CHECK_EQUAL(s.simdgroups, (s.size[0] * s.size[1] * s.size[2] + 31) / 32);
      }
    }
  }
}

namespace {
KERNEL void count_thread(const sm_thread* t) {
  __atomic_fetch_add(&hand::buffer<uint64_t>(t, 0)[0], 1, __ATOMIC_RELAXED);
}
}  // namespace

TEST("a grid of two million threads in threadgroups of one") {
  std::vector<uint64_t> count(1);
  Dispatch dispatch = hand::dispatch(count_thread, {2000000}, {1});
  hand::bind(dispatch, 0, count);
  run_dispatch(dispatch, hand::settings(Schedule::kRandom, 1));
  CHECK_EQUAL(count[0], 2000000u);
}

TEST("an empty grid runs nothing; too many threads and too much threadgroup memory are refused") {
  std::vector<uint64_t> count(1);
  Dispatch dispatch = hand::dispatch(count_thread, {0}, {32});
  hand::bind(dispatch, 0, count);
  CHECK(!run_dispatch(dispatch, hand::settings()).faulted);
  CHECK_EQUAL(count[0], 0u);
  Dispatch crowd = hand::dispatch(count_thread, {1}, {32, 32, 2});
  DispatchResult result = run_dispatch(crowd, hand::settings());
  CHECK(result.faulted && result.reports.size() == 1 && result.reports[0].kind == ReportKind::kThreadCount);
  Dispatch nobody = hand::dispatch(count_thread, {1}, {1});
  nobody.threads_per_threadgroup[1] = 0;
  CHECK(run_dispatch(nobody, hand::settings()).reports.at(0).kind == ReportKind::kThreadCount);
  Dispatch large = hand::dispatch(count_thread, {1}, {32});
  large.threadgroup_lengths[0] = 16384;
  large.threadgroup_lengths[3] = 16400;
  CHECK(run_dispatch(large, hand::settings()).reports.at(0).kind == ReportKind::kThreadgroupMemory);
  CHECK_EQUAL(count[0], 0u);
}

namespace {
// Every thread adds its neighbours' numbers by way of threadgroup memory, then its simdgroup's.
KERNEL void mix(const sm_thread* t) {
  auto* shared = static_cast<uint32_t*>(t->group->threadgroup[2]);
  const uint32_t i = t->index_in_threadgroup, n = 96;
  shared[i] = t->position_in_grid[0] * 3;
  hand::threadgroup_barrier(HERE);
  uint32_t value = shared[(i + 1) % n] + shared[(i + 95) % n];
  for (int round = 0; round < 5; round++) {
    value += hand::shuffle(value, (t->lane + round) % 32, HERE);
    value ^= hand::sum(value, HERE);
    hand::simdgroup_barrier(HERE);
  }
  hand::buffer<uint32_t>(t, 0)[t->position_in_grid[0]] = value;
}

std::vector<uint32_t> run_mix(const Settings& settings) {
  std::vector<uint32_t> out = numbers(96 * 40);
  Dispatch dispatch = hand::dispatch(mix, {40}, {96});
  dispatch.threadgroup_lengths[2] = 96 * 4;
  hand::bind(dispatch, 0, out);
  CHECK(!run_dispatch(dispatch, settings).faulted);
  return out;
}
}  // namespace

TEST("every schedule and number of workers gives the same bits") {
  std::vector<uint32_t> wanted = run_mix(hand::settings());
  for (Schedule schedule : kSchedules) {
    for (uint64_t seed = 0; seed < 5; seed++) {
      Settings settings = hand::settings(schedule, seed);
      settings.workers = 1 + seed % 4;
      CHECK(run_mix(settings) == wanted);
    }
  }
}

namespace {
KERNEL void log_order(const sm_thread* t) {
  auto* log = hand::buffer<uint32_t>(t, 0);
  auto* next = hand::buffer<uint32_t>(t, 1);
  log[(*next)++] = t->position_in_grid[0];
  hand::simdgroup_barrier(HERE);
  log[(*next)++] = t->position_in_grid[0];
}

std::vector<uint32_t> order_of(Schedule schedule, uint64_t seed, uint32_t groups = 1, uint32_t threads = 64) {
  std::vector<uint32_t> log = numbers(groups * threads * 2), next = numbers(1);
  Dispatch dispatch = hand::dispatch(log_order, {groups}, {threads});
  hand::bind(dispatch, 0, log);
  hand::bind(dispatch, 1, next);
  Settings settings = hand::settings(schedule, seed);
  settings.workers = 1;
  run_dispatch(dispatch, settings);
  return log;
}
}  // namespace

TEST("schedules: in order and lockstep ascend, reverse descends, random depends on its seed only") {
  std::vector<uint32_t> ascending = numbers(32);
  std::iota(ascending.begin(), ascending.end(), 0u);
  std::vector<uint32_t> first = order_of(Schedule::kInOrder, 0), last = order_of(Schedule::kReverse, 0);
  CHECK(std::equal(ascending.begin(), ascending.end(), first.begin()));
  std::reverse(last.begin(), last.begin() + 32);
  for (uint32_t i = 0; i < 32; i++) CHECK_EQUAL(last[i], 32 + i);
  std::vector<uint32_t> lockstep = order_of(Schedule::kLockstep, 0);
  CHECK(std::equal(ascending.begin(), ascending.end(), lockstep.begin()));
  CHECK(std::equal(ascending.begin(), ascending.end(), lockstep.begin() + 32));  // again after the barrier
  std::vector<uint32_t> random = order_of(Schedule::kRandom, 7);
  CHECK(random == order_of(Schedule::kRandom, 7));
  CHECK(random != order_of(Schedule::kRandom, 8));
  CHECK(random != first);
}

TEST("the order of threadgroups follows the schedule; every threadgroup runs once") {
  auto groups_of = [](Schedule schedule, uint64_t seed) {
    std::vector<uint32_t> log = order_of(schedule, seed, 50, 1), groups;
    for (size_t i = 0; i < log.size(); i += 2) groups.push_back(log[i]);
    return groups;
  };
  std::vector<uint32_t> ascending = numbers(50);
  std::iota(ascending.begin(), ascending.end(), 0u);
  CHECK(groups_of(Schedule::kInOrder, 0) == ascending);
  std::vector<uint32_t> reverse = groups_of(Schedule::kReverse, 0);
  std::reverse(reverse.begin(), reverse.end());
  CHECK(reverse == ascending);
  std::vector<uint32_t> random = groups_of(Schedule::kRandom, 3);
  CHECK(random != ascending && random != groups_of(Schedule::kRandom, 4));
  std::sort(random.begin(), random.end());
  CHECK(random == ascending);
}

namespace {
struct Layout {
  uint64_t first, second, variables;
  uint32_t first_word, last_word, variable_word;
};
KERNEL void look_at_memory(const sm_thread* t) {
  auto* out = hand::buffer<Layout>(t, 0) + t->group->threadgroup_position[0];
  auto *first = static_cast<uint32_t*>(t->group->threadgroup[0]),
       *second = static_cast<uint32_t*>(t->group->threadgroup[5]);
  auto* variables = static_cast<uint32_t*>(hand::api.static_memory());
  *out = {uint64_t(first), uint64_t(second), uint64_t(variables), first[0], second[4], variables[9]};
  first[0] = second[4] = variables[9] = 1;
}
}  // namespace

TEST(
    "threadgroup memory: arguments in units of 16 bytes, then variables; all poisoned for each threadgroup") {
  std::vector<Layout> seen(3);
  Dispatch dispatch = hand::dispatch(look_at_memory, {3}, {1});
  dispatch.threadgroup_lengths[0] = 36;
  dispatch.threadgroup_lengths[5] = 20;
  hand::bind(dispatch, 0, seen);
  hand::static_bytes = 40;
  CHECK(!run_dispatch(dispatch, hand::settings()).faulted);
  hand::static_bytes = 0;
  for (const Layout& one : seen) {
    CHECK_EQUAL(one.second - one.first, 48u);
    CHECK(one.variables >= one.second + 32 && one.variables % 128 == 0);
    CHECK_EQUAL(one.first_word, 0xffffffffu);
    CHECK_EQUAL(one.last_word, 0xffffffffu);
    CHECK_EQUAL(one.variable_word, 0xffffffffu);
  }
}

namespace {
KERNEL void use_stack(const sm_thread* t) {
  volatile uint32_t local[20000];
  for (uint32_t i = 0; i < 20000; i++) local[i] = i * t->index_in_threadgroup;
  uint32_t sum = hand::sum(local[19999] + local[77], HERE);
  hand::buffer<uint32_t>(t, 0)[t->index_in_threadgroup] = sum + local[5];
}
}  // namespace

TEST("80 KB of private memory in each of 1024 threads") {
  std::vector<uint32_t> out = numbers(1024);
  Dispatch dispatch = hand::dispatch(use_stack, {1}, {1024});
  hand::bind(dispatch, 0, out);
  CHECK(!run_dispatch(dispatch, hand::settings()).faulted);
  for (uint32_t i = 0; i < 1024; i++) {
    uint32_t simdgroup = i / 32 * 32;
    CHECK_EQUAL(out[i], (19999 + 77) * (32 * simdgroup + 31 * 16) + 5 * i);
  }
}

TEST("dispatches of many threads at once take turns") {
  std::vector<uint32_t> wanted = run_mix(hand::settings());
  std::vector<std::vector<uint32_t>> results(6);
  std::vector<std::thread> threads;
  for (auto& result : results) {
    threads.emplace_back([&result] {
      for (int i = 0; i < 5; i++) result = run_mix(hand::settings());
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const auto& result : results) CHECK(result == wanted);
}

TEST("the child of a fork has its own workers; a process exits while workers sleep") {
  std::vector<uint32_t> wanted = run_mix(hand::settings());
  std::fflush(stdout);
  pid_t child = fork();
  if (child == 0) std::exit(run_mix(hand::settings()) == wanted ? 7 : 1);
  int status = 0;
  waitpid(child, &status, 0);
  CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 7);
  CHECK(run_mix(hand::settings()) == wanted);
}
