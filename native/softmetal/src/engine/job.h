// One dispatch under way: what its workers share.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "engine/dispatch.h"
#include "engine/schedule.h"

namespace softmetal {

// Where a threadgroup's memory lies in its block: dynamic arguments first, then the variables that the kernel
// declares.
struct MemoryLayout {
  uint32_t argument_offset[SM_BUFFERS] = {};
  uint32_t static_offset = 0, static_bytes = 0;
  uint32_t used = 0;   // with padding
  uint64_t asked = 0;  // what counts against the device's limit
};
constexpr uint32_t kThreadgroupAlignment = 128;  // of the block and of the variables
constexpr uint64_t round_up(uint64_t value, uint64_t unit) { return (value + unit - 1) / unit * unit; }
// `gap` bytes are left unused after each argument.
MemoryLayout layout_memory(const Dispatch& dispatch, uint32_t gap);

// JobFindings of all workers: the same finding in several threadgroups once, the earliest threadgroup's.
class JobFindings {
 public:
  void add(Report report, uint64_t group);
  std::vector<Report> take();  // by threadgroup

 private:
  struct Finding {
    Report report;
    uint64_t group;
  };
  std::mutex mutex_;
  std::vector<Finding> findings_;
};

struct Job {
  Job(const Dispatch& dispatch, const Settings& settings);

  const Dispatch& dispatch;
  const Settings& settings;
  MemoryLayout layout;
  uint64_t groups[3];  // threadgroups of the grid
  uint64_t group_count;
  GridOrder order;
  std::atomic<uint64_t> next{0};      // position in `order`
  std::atomic<bool> stopped{false};   // no further threadgroups
  std::atomic<uint64_t> finished{0};  // threadgroups run to their end
  std::atomic<bool> faulted{false};
  std::atomic<bool> hang_reported{false};
  std::string hang_message() const;
  JobFindings findings;
};

}  // namespace softmetal
