// The counts of every dispatch since the last clear().
#pragma once

#include <mutex>
#include <string>
#include <vector>

#include "count/counts.h"

namespace softmetal {

struct CountEntry {
  std::string kernel, label;
  uint64_t dispatches = 1;
  Counts counts;
};

class CountLog {
 public:
  static CountLog& shared();
  void add(CountEntry entry);
  std::vector<CountEntry> all() const;        // in the order of add()
  std::vector<CountEntry> by_kernel() const;  // summed, in the order in which kernels came first; no labels
  void clear();

 private:
  mutable std::mutex mutex_;
  std::vector<CountEntry> entries_;
};

// [{"kernel": "f", "label": "", "dispatches": 1, "counts": {...}}, ...]
std::string to_json(const std::vector<CountEntry>& entries);

}  // namespace softmetal
