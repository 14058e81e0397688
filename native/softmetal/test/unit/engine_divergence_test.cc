// Threads that do not meet: reported with the places of both sides, never a hang.
#include "check.h"
#include "hand_kernel.h"
#include "report/report.h"

using namespace softmetal;

namespace {

const Schedule kSchedules[] = {Schedule::kInOrder, Schedule::kReverse, Schedule::kRandom,
                               Schedule::kLockstep};

// Two threadgroups of 64; the first goes wrong, the second writes 7s.
struct Outcome {
  DispatchResult result;
  std::vector<uint32_t> out = std::vector<uint32_t>(128);
};

Outcome run(void (*entry)(const sm_thread*), Schedule schedule) {
  Outcome outcome;
  Dispatch dispatch = hand::dispatch(entry, {2}, {64});
  hand::bind(dispatch, 0, outcome.out);
  outcome.result = run_dispatch(dispatch, hand::settings(schedule, 11));
  return outcome;
}

HAND_INLINE bool goes_wrong(const sm_thread* t) { return t->group->threadgroup_position[0] == 0; }
HAND_INLINE void finish(const sm_thread* t) { hand::buffer<uint32_t>(t, 0)[t->position_in_grid[0]] = 7; }

// One report of the kind, at one of the lines, about the first threadgroup; the other threadgroup is
// complete.
void expect(void (*entry)(const sm_thread*), ReportKind kind, int first_line, int last_line,
            const char* message) {
  for (Schedule schedule : kSchedules) {
    Outcome outcome = run(entry, schedule);
    CHECK(outcome.result.faulted);
    CHECK_EQUAL(outcome.result.reports.size(), 1u);
    if (outcome.result.reports.empty()) return;
    const Report& report = outcome.result.reports[0];
    CHECK_EQUAL(slug(report.kind), std::string(slug(kind)));
    CHECK_CONTAINS(report.message, message);
    CHECK_EQUAL(report.kernel, "hand");
    CHECK_EQUAL(report.location.file, "hand.metal");
    CHECK(report.location.line >= first_line && report.location.line <= last_line);
    CHECK(report.thread && report.thread->threadgroup[0] == 0);
    CHECK(!report.notes.empty());
    for (uint32_t i = 64; i < 128; i++) CHECK_EQUAL(outcome.out[i], 7u);
  }
}

constexpr int kDifferentOperations = __LINE__ + 3;
KERNEL void different_operations(const sm_thread* t) {
  if (goes_wrong(t) && t->lane == 5) {
    hand::sum(1, HERE);
  } else {
    hand::shuffle(1, 0, HERE);
  }
  finish(t);
}

constexpr int kDifferentPlaces = __LINE__ + 3;
KERNEL void different_places(const sm_thread* t) {
  if (goes_wrong(t) && t->lane % 2) {
    hand::sum(1, HERE);
  } else {
    hand::sum(2, HERE);
  }
  finish(t);
}

HAND_INLINE void add_up() { hand::sum(3, HERE); }
constexpr int kDifferentPaths = __LINE__ - 1;
KERNEL void different_paths(const sm_thread* t) {
  if (goes_wrong(t) && t->lane == 31) {
    add_up();
  } else {
    add_up();
    finish(t);
  }
}

constexpr int kDifferentBarriers = __LINE__ + 3;
KERNEL void different_barriers(const sm_thread* t) {
  if (goes_wrong(t) && t->simdgroup == 1) {
    hand::threadgroup_barrier(HERE);
  } else {
    hand::threadgroup_barrier(HERE);
  }
  finish(t);
}

constexpr int kReturned = __LINE__ + 3;
KERNEL void returned_before_barrier(const sm_thread* t) {
  if (goes_wrong(t) && t->index_in_threadgroup >= 60) return;
  hand::threadgroup_barrier(HERE);
  finish(t);
}

constexpr int kBarrierInBranch = __LINE__ + 3;
KERNEL void barrier_in_branch(const sm_thread* t) {
  if (!goes_wrong(t) || t->index_in_threadgroup < 10) {
    hand::threadgroup_barrier(HERE);
  }
  finish(t);
}

constexpr int kNobodyRunnable = __LINE__ + 2;
KERNEL void nobody_runnable(const sm_thread* t) {
  if (!goes_wrong(t) || t->lane < 16) hand::sum(1, HERE);
  hand::threadgroup_barrier(HERE);
  finish(t);
}

constexpr int kPartialMatrix = __LINE__ + 4;
KERNEL void partial_matrix(const sm_thread* t) {
  if (goes_wrong(t) && t->index_in_threadgroup == 40) return;
  float value = 0;
  hand::Place place = HERE;
  hand::api.exchange(&value, sizeof value, SM_MATRIX_F16, nullptr, &place);
  finish(t);
}

}  // namespace

TEST("different operations in one simdgroup") {
  expect(different_operations, ReportKind::kDivergentSimdgroup, kDifferentOperations,
         kDifferentOperations + 2, "a shuffle or broadcast");
}
TEST("the same operation at different places in one simdgroup") {
  expect(different_places, ReportKind::kDivergentSimdgroup, kDifferentPlaces, kDifferentPlaces + 2,
         "others are at");
}
TEST("the same place reached through different calls") {
  expect(different_paths, ReportKind::kDivergentSimdgroup, kDifferentPaths, kDifferentPaths,
         "different calls");
}
TEST("different barriers in one threadgroup") {
  expect(different_barriers, ReportKind::kDivergentBarrier, kDifferentBarriers, kDifferentBarriers + 2,
         "different threadgroup_barriers");
}
TEST("threads that return while others wait at a barrier") {
  expect(returned_before_barrier, ReportKind::kDivergentBarrier, kReturned, kReturned, "returned");
  Outcome outcome = run(returned_before_barrier, Schedule::kInOrder);
  CHECK_EQUAL(outcome.out[60], 0u);
}
TEST("a barrier in a branch that some threads take") {
  expect(barrier_in_branch, ReportKind::kDivergentBarrier, kBarrierInBranch, kBarrierInBranch,
         "returned and will never reach");
}
TEST("half a simdgroup in an operation while the other half waits at a barrier") {
  expect(nobody_runnable, ReportKind::kDivergentSimdgroup, kNobodyRunnable, kNobodyRunnable,
         "nobody can go on");
}
TEST("a matrix operation without all lanes") {
  expect(partial_matrix, ReportKind::kDivergentSimdgroup, kPartialMatrix, kPartialMatrix, "31 take part");
}

namespace {
KERNEL void always_diverges(const sm_thread* t) {
  if (t->lane == 0) return;
  hand::threadgroup_barrier(HERE);
}
KERNEL void sum_of_the_rest(const sm_thread* t) {
  auto* out = hand::buffer<uint32_t>(t, 0);
  if (t->lane < 4) return;
  out[t->lane] = hand::sum(t->lane, HERE);
}
}  // namespace

TEST("the same finding in many threadgroups is one report, the first threadgroup's, with its count") {
  for (Schedule schedule : kSchedules) {
    Dispatch dispatch = hand::dispatch(always_diverges, {40}, {32});
    DispatchResult result = run_dispatch(dispatch, hand::settings(schedule, 3));
    CHECK_EQUAL(result.reports.size(), 1u);
    CHECK_EQUAL(result.reports.at(0).occurrences, 40u);
    CHECK_EQUAL(result.reports.at(0).thread->threadgroup[0], 0u);
  }
}

TEST("lanes that have returned are inactive in later operations") {
  for (Schedule schedule : kSchedules) {
    std::vector<uint32_t> out(32);
    Dispatch dispatch = hand::dispatch(sum_of_the_rest, {1}, {32});
    hand::bind(dispatch, 0, out);
    CHECK(!run_dispatch(dispatch, hand::settings(schedule, 5)).faulted);
    for (uint32_t i = 4; i < 32; i++) CHECK_EQUAL(out[i], 31u * 16 - 6);
  }
}

TEST("a report says what all threads do") {
  Outcome outcome = run(different_operations, Schedule::kInOrder);
  std::string notes;
  for (const Note& note : outcome.result.reports.at(0).notes) notes += note.message + "\n";
  CHECK_CONTAINS(notes, "5 threads (0-4) at a shuffle or broadcast");
  CHECK_CONTAINS(notes, "threads (5-63) can go on");
}
