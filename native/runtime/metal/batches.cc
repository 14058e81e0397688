#include "metal/batches.h"

#include <algorithm>

namespace fa::metal {

namespace {

/// Indices of the dispatches that have tasks, lower stages first, otherwise in their order.
std::vector<size_t> dispatches_in_order(const Work& work) {
  std::vector<size_t> order;
  for (size_t index = 0; index < work.dispatches.size(); ++index) {
    if (work.dispatches[index].tasks > 0) order.push_back(index);
  }
  std::stable_sort(order.begin(), order.end(), [&](size_t left, size_t right) {
    return work.dispatches[left].stage < work.dispatches[right].stage;
  });
  return order;
}

/// How many of `tasks` fit into `room`; 0 when none does.
int64_t fitting(double room, double cost_of_task, int64_t tasks) {
  if (cost_of_task * static_cast<double>(tasks) <= room) return tasks;
  return static_cast<int64_t>(std::max(0.0, room) / cost_of_task);
}

}  // namespace

std::vector<Batch> cut_into_batches(const Work& work, double multiply_adds_per_batch) {
  std::vector<Batch> batches;
  double room = 0;
  for (const size_t index : dispatches_in_order(work)) {
    const Dispatch& dispatch = work.dispatches[index];
    const double cost = dispatch.multiply_adds / static_cast<double>(dispatch.tasks);
    const int64_t most = kThreadsPerDispatch / dispatch.variant->threads;
    for (int64_t first = 0; first < dispatch.tasks;) {
      const int64_t left = std::min(dispatch.tasks - first, most);
      int64_t tasks = fitting(room, cost, left);
      if (batches.empty() || tasks == 0) {
        batches.emplace_back();
        room = multiply_adds_per_batch;
        tasks = std::max<int64_t>(1, fitting(room, cost, left));
      }
      batches.back().push_back({index, first, tasks});
      room -= cost * static_cast<double>(tasks);
      first += tasks;
    }
  }
  return batches;
}

}  // namespace fa::metal
