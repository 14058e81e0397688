#include "count/bank_conflicts.h"

#include <algorithm>
#include <map>

namespace softmetal {
namespace {
constexpr uint32_t kWordBytes = 4;
}

void Banks::resize(uint32_t threadgroup_bytes) {
  seen_.assign(threadgroup_bytes / kWordBytes + 1, 0);
  request_ = 0;
}

void Banks::begin_request() {
  if (++request_ == 0) {  // the number has been used: forget who used it
    std::fill(seen_.begin(), seen_.end(), 0);
    request_ = 1;
  }
  std::fill_n(words_, kBanks, 0);
}

void Banks::add(const LaneAccess& access) {
  if (access.size == 0) return;
  const uint32_t last = (access.offset + access.size - 1) / kWordBytes;
  for (uint32_t word = access.offset / kWordBytes; word <= last && word < seen_.size(); word++) {
    if (seen_[word] == request_ && !access.atomic) continue;
    seen_[word] = request_;
    words_[word % kBanks]++;
  }
}

void Banks::end_request(Counts& counts) {
  uint32_t most_16 = 0, most_32 = 0;
  for (uint32_t bank = 0; bank < kBanks / 2; bank++) {
    most_16 = std::max(most_16, words_[bank] + words_[bank + kBanks / 2]);
    most_32 = std::max({most_32, words_[bank], words_[bank + kBanks / 2]});
  }
  counts.threadgroup_requests++;
  counts.bank_cycles_16 += most_16;
  counts.bank_cycles_32 += most_32;
}

// Whether all lanes that touched memory went through the same sites in the same order.
bool SimdgroupRequests::same_sites() const {
  const std::vector<LaneAccess>* first = nullptr;
  for (const auto& lane : lanes_) {
    if (lane.empty()) continue;
    if (!first) first = &lane;
    auto same = [](const LaneAccess& a, const LaneAccess& b) { return a.site == b.site; };
    if (!std::equal(first->begin(), first->end(), lane.begin(), lane.end(), same)) return false;
  }
  return true;
}

void SimdgroupRequests::flush_in_step(Banks& banks, Counts& counts) const {
  size_t requests = 0;
  for (const auto& lane : lanes_) requests = std::max(requests, lane.size());
  for (size_t i = 0; i < requests; i++) {
    banks.begin_request();
    for (const auto& lane : lanes_)
      if (!lane.empty()) banks.add(lane[i]);
    banks.end_request(counts);
  }
}

void SimdgroupRequests::flush_diverged(Banks& banks, Counts& counts) const {
  std::map<std::pair<uint32_t, uint32_t>, std::vector<const LaneAccess*>> requests;
  for (const auto& lane : lanes_) {
    std::map<uint32_t, uint32_t> executions;
    for (const LaneAccess& access : lane)
      requests[{access.site, executions[access.site]++}].push_back(&access);
  }
  for (const auto& [key, accesses] : requests) {
    banks.begin_request();
    for (const LaneAccess* access : accesses) banks.add(*access);
    banks.end_request(counts);
  }
}

void SimdgroupRequests::flush(Banks& banks, Counts& counts) {
  if (same_sites()) {
    flush_in_step(banks, counts);
  } else {
    flush_diverged(banks, counts);
  }
  clear();
}

void SimdgroupRequests::clear() {
  for (auto& lane : lanes_) lane.clear();
}

}  // namespace softmetal
