// Requests to threadgroup memory and the cycles that its banks need for them.
//
// Lanes run one after the other here, so what a simdgroup would issue at once is put together afterwards: the
// k-th execution of a site by each lane since the simdgroup's last meeting (collective or barrier) is one
// request. Its cycles are the most distinct words of 4 bytes that it wants of one bank: lanes that want the
// same word share it, an access wider than a word takes the banks of all its words, and atomic operations
// share nothing. Not measured on Apple hardware.
#pragma once

#include <cstdint>
#include <vector>

#include "count/counts.h"
#include "kernel_abi.h"

namespace softmetal {

struct LaneAccess {
  uint32_t site;
  uint32_t offset;  // in the threadgroup's memory
  uint32_t size;
  bool atomic;
};

// The banks' arithmetic; shared by all simdgroups of a worker.
class Banks {
 public:
  void resize(uint32_t threadgroup_bytes);
  void begin_request();
  void add(const LaneAccess& access);
  void end_request(Counts& counts);

 private:
  static constexpr uint32_t kBanks = 32;
  std::vector<uint32_t> seen_;  // per word: the last request that wanted it
  uint32_t request_ = 0;
  uint32_t words_[kBanks] = {};
};

// What the lanes of one simdgroup did since their last meeting.
class SimdgroupRequests {
 public:
  void add(uint32_t lane, const LaneAccess& access) { lanes_[lane].push_back(access); }
  void flush(Banks& banks, Counts& counts);
  void clear();

 private:
  bool same_sites() const;
  void flush_in_step(Banks& banks, Counts& counts) const;
  void flush_diverged(Banks& banks, Counts& counts) const;

  std::vector<LaneAccess> lanes_[SM_LANES];
};

}  // namespace softmetal
