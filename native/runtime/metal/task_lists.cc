#include "metal/task_lists.h"

#include <algorithm>

namespace fa::metal {

namespace {

struct Weighed {
  TaskPlace place;
  int weight;
};

/// Long tasks at the end of a grid leave cores idle. Equal ones stay in the order of the sequences.
std::vector<TaskPlace> heaviest_first(std::vector<Weighed> tasks) {
  std::stable_sort(tasks.begin(), tasks.end(),
                   [](const Weighed& a, const Weighed& b) { return a.weight > b.weight; });
  std::vector<TaskPlace> places(tasks.size());
  std::transform(tasks.begin(), tasks.end(), places.begin(), [](const Weighed& task) { return task.place; });
  return places;
}

/// @param length of a sequence; @param weigh (sequence, first row, rows)
template <typename Length, typename Weigh>
std::vector<TaskPlace> blocks_of(const std::vector<Sequence>& sequences, int rows, Length length,
                                 Weigh weigh) {
  std::vector<Weighed> tasks;
  for (size_t index = 0; index < sequences.size(); ++index) {
    const Sequence& sequence = sequences[index];
    for (int first = 0; first < length(sequence); first += rows) {
      const int count = std::min(rows, length(sequence) - first);
      const BlockRange met = weigh(sequence, first, count);
      tasks.push_back({{static_cast<int>(index), first / rows}, met.end - met.begin});
    }
  }
  return heaviest_first(std::move(tasks));
}

}  // namespace

std::vector<TaskPlace> query_tasks(const std::vector<Sequence>& sequences, int rows) {
  return blocks_of(
      sequences, rows, [](const Sequence& of) { return of.queries; },
      [](const Sequence& of, int first, int count) { return visible_blocks(of.band, first, count, 1); });
}

std::vector<TaskPlace> key_tasks(const std::vector<Sequence>& sequences, int rows) {
  return blocks_of(
      sequences, rows, [](const Sequence& of) { return of.stored_keys; },
      [](const Sequence& of, int first, int count) {
        return visible_rows(of.band, first, count, of.queries);
      });
}

int64_t keys_of_row(const std::vector<Sequence>& sequences) {
  int64_t most = 0;
  for (const Sequence& of : sequences) {
    const int64_t reach = int64_t{of.band.hi} - of.band.lo + 1;
    most = std::max(most, std::clamp<int64_t>(reach, 0, of.band.keys));
  }
  return most;
}

}  // namespace fa::metal
