// The grids of packed sequences: blocks of each sequence's own rows, so that nothing is done for padding.
#pragma once
#include <vector>

#include "fa/params.h"

namespace fa::metal {

/// Blocks of `rows` query rows, those with the most keys first.
std::vector<TaskPlace> query_tasks(const std::vector<Sequence>& sequences, int rows);

/// Blocks of `rows` keys, kvLengths or not, those with the most query rows first.
std::vector<TaskPlace> key_tasks(const std::vector<Sequence>& sequences, int rows);

/// Most keys that a row of these sees by position.
int64_t keys_of_row(const std::vector<Sequence>& sequences);

}  // namespace fa::metal
