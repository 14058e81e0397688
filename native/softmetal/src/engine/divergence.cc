// Threads that do not meet where they should: what is said about it.
#include <map>
#include <vector>

#include "engine/collective.h"
#include "engine/finding.h"
#include "engine/scheduler.h"

namespace softmetal {
namespace {

const char* name_of(sm_operation operation) {
  switch (operation) {
    case SM_SIMDGROUP_BARRIER:
      return "a simdgroup_barrier";
    case SM_SHUFFLE:
      return "a shuffle or broadcast";
    case SM_REDUCE:
      return "a reduction";
    case SM_PREFIX:
      return "a prefix operation";
    case SM_VOTE:
      return "a vote";
    case SM_MATRIX_MEMORY:
      return "a simdgroup_matrix load or store";
    default:
      return "a simdgroup_matrix multiplication";
  }
}

// {0,1,2,7} -> "0-2, 7"
std::string ranges(const std::vector<uint32_t>& sorted) {
  std::string text;
  for (size_t i = 0; i < sorted.size();) {
    size_t last = i;
    while (last + 1 < sorted.size() && sorted[last + 1] == sorted[last] + 1) last++;
    if (!text.empty()) text += ", ";
    text += std::to_string(sorted[i]);
    if (last > i) text += "-" + std::to_string(sorted[last]);
    i = last + 1;
  }
  return text;
}

std::string counted(const std::vector<uint32_t>& threads) {
  return std::to_string(threads.size()) + (threads.size() == 1 ? " thread (" : " threads (") +
         ranges(threads) + ")";
}

struct Waiting {
  std::string what;
  Location location;
  std::vector<uint32_t> threads;
};

// What every thread of the threadgroup does, equal ones together.
std::vector<Waiting> survey(const Worker& worker) {
  std::map<std::pair<std::string, std::pair<sm_uint, sm_uint>>, Waiting> kinds;
  for (int i = 0; i < worker.thread_count; i++) {
    const Fiber& fiber = worker.fibers[i];
    const Simdgroup& simdgroup = worker.simdgroups[fiber.thread.simdgroup];
    const uint32_t bit = 1u << fiber.thread.lane;
    std::string what;
    sm_place place = {};
    if (!(simdgroup.live & bit)) {
      what = "returned";
    } else if (simdgroup.ready & bit) {
      what = "can go on";
    } else {
      what = std::string("at ") +
             (simdgroup.arrived & bit ? name_of(simdgroup.meeting.operation) : "a threadgroup_barrier");
      place = *fiber.place;
    }
    Waiting& entry = kinds[{what, {place.line, place.column}}];
    entry.what = what;
    entry.location = location_of(worker, place);
    entry.threads.push_back(i);
  }
  std::vector<Waiting> all;
  for (auto& [key, entry] : kinds) all.push_back(std::move(entry));
  return all;
}

void record(Worker& worker, ReportKind kind, const std::string& message, const sm_place* place) {
  Report report = describe(worker, kind, message, &worker.current->thread);
  report.location = location_of(worker, *place);
  for (const Waiting& entry : survey(worker)) {
    report.notes.push_back({counted(entry.threads) + " " + entry.what, entry.location});
  }
  add_finding(worker, std::move(report));
}

std::string line_of(const sm_place& place) { return "line " + std::to_string(place.line); }

}  // namespace

void report_different_operations(Worker& worker, const Meeting& other, sm_operation operation,
                                 const sm_place* place) {
  std::string here = name_of(operation), there = name_of(other.operation);
  bool one_place = other.place.line == place->line && other.place.column == place->column;
  std::string message =
      "lanes of simdgroup " + std::to_string(worker.current->thread.simdgroup) + " diverge: ";
  if (one_place && operation == other.operation) {
    message += "they reach " + here + " by different calls of the function that contains it";
  } else {
    message += "one is at " + here + " (" + line_of(*place) + "), others are at " + there + " (" +
               line_of(other.place) + ")";
  }
  record(worker, ReportKind::kDivergentSimdgroup, message, place);
}

void report_different_barriers(Worker& worker, const sm_place* place) {
  record(worker, ReportKind::kDivergentBarrier,
         "threads of one threadgroup are at different threadgroup_barriers (" + line_of(*place) + " and " +
             line_of(worker.barrier.place) + ")",
         place);
}

void report_returned_before_barrier(Worker& worker, const sm_place* place) {
  int returned = worker.thread_count - worker.live_threads;
  record(worker, ReportKind::kDivergentBarrier,
         std::to_string(returned) + " of " + std::to_string(worker.thread_count) +
             (returned == 1 ? " threads has" : " threads have") +
             " returned and will never reach this threadgroup_barrier",
         place);
}

void report_partial_matrix(Worker& worker, uint32_t index) {
  const Simdgroup& simdgroup = worker.simdgroups[index];
  sm_place place = simdgroup.meeting.place;
  record(worker, ReportKind::kDivergentSimdgroup,
         "a simdgroup_matrix operation needs all 32 lanes, " +
             std::to_string(__builtin_popcount(simdgroup.arrived)) + " take part",
         &place);
}

// Threads wait at a barrier, others in simdgroup operations whose remaining lanes wait at that barrier.
void report_nobody_runnable(Worker& worker) {
  for (int i = 0; i < worker.simdgroup_count; i++) {
    const Simdgroup& simdgroup = worker.simdgroups[i];
    if (!simdgroup.arrived) continue;
    sm_place place = simdgroup.meeting.place;
    worker.current = &worker.fibers[i * SM_LANES + __builtin_ctz(simdgroup.arrived)];
    record(worker, ReportKind::kDivergentSimdgroup,
           std::string("nobody can go on: ") + std::to_string(__builtin_popcount(simdgroup.arrived)) +
               " lanes of simdgroup " + std::to_string(i) + " are at " +
               name_of(simdgroup.meeting.operation) + ", its other lanes at the threadgroup_barrier of " +
               line_of(worker.barrier.place),
           &place);
    return;
  }
  record(worker, ReportKind::kDivergentBarrier, "nobody can go on: not every thread reaches this barrier",
         &worker.barrier.place);
}

void report_no_stack(Worker& worker) {
  Report report =
      describe(worker, ReportKind::kStackOverflow,
               "the system has no memory for the private memory of another thread", &worker.current->thread);
  add_finding(worker, std::move(report));
}

}  // namespace softmetal
