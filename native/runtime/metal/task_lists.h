// The grids of packed sequences: blocks of each sequence's own rows, so that nothing is done for padding.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

#include "fa/params.h"

namespace fa::metal {

/// Blocks of `rows` query rows, those with the most keys first.
std::vector<TaskPlace> query_tasks(const std::vector<Sequence>& sequences, int rows);

/// Blocks of `rows` keys, kvLengths or not, those with the most query rows first.
std::vector<TaskPlace> key_tasks(const std::vector<Sequence>& sequences, int rows);

/// Blocks of `rows` rows of whatever `length` says a sequence has, in order.
template <typename Length>
std::vector<TaskPlace> row_tasks(const std::vector<Sequence>& sequences, int rows, Length length) {
  std::vector<TaskPlace> tasks;
  for (size_t index = 0; index < sequences.size(); ++index) {
    for (int block = 0; block * rows < length(sequences[index]); ++block) {
      tasks.push_back({static_cast<int>(index), block});
    }
  }
  return tasks;
}

/// Most keys that a row of these sees by position.
int64_t keys_of_row(const std::vector<Sequence>& sequences);

}  // namespace fa::metal
