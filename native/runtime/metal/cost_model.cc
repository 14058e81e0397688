#include "metal/cost_model.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <limits>

namespace fa::metal {

namespace {

/// By CostBound: cycles of a scheduler for a unit of work, were this its only bound.
using Times = std::array<double, 5>;

Times times_of(const MetalProfile& work, double memory_bytes, double products) {
  Times times{};
  const auto time = [&](CostBound bound) -> double& { return times[static_cast<size_t>(bound)]; };
  const double cache = core::kSchedulers * work.device_bytes / core::kCacheBytes;
  time(CostBound::issue) = products * core::kProduct + work.arithmetic + work.exp2 + work.divisions +
                           work.shuffles + work.accesses * (1 + core::kAddressPerAccess);
  // Staging reads the cache while it writes threadgroup memory: one path.
  time(CostBound::threadgroup) = work.bank_cycles == 0 ? 0 : core::kBankCycle * work.bank_cycles + cache;
  time(CostBound::cache) = cache;
  time(CostBound::exp2) =
      core::kExp2 * work.exp2 + core::kReciprocal * work.divisions + core::kShuffle * work.shuffles;
  time(CostBound::memory) = core::kSchedulers * memory_bytes / core::kMemoryBytes;
  return times;
}

}  // namespace

int simdgroups_per_core(const Footprint& footprint) {
  const double registers =
      std::clamp<double>(footprint.registers, core::kLeastRegisters, core::kRegistersPerThread);
  const double steps = std::floor(core::kRegisterBytes / (4 * registers) / core::kThreadStep);
  const double by_registers = std::min(core::kMostThreads, steps * core::kThreadStep) / core::kLanes;
  const int groups = static_cast<int>(by_registers) / footprint.simdgroups;
  if (footprint.threadgroup_bytes == 0) return groups * footprint.simdgroups;
  const int by_memory = static_cast<int>(core::kThreadgroupBytes) / footprint.threadgroup_bytes;
  return std::min(groups, by_memory) * footprint.simdgroups;
}

double latency_hiding(int simdgroups) {
  const auto* high = std::find_if(std::begin(core::kHiding), std::end(core::kHiding),
                                  [&](const core::Hiding& point) { return point.simdgroups > simdgroups; });
  if (high == std::end(core::kHiding)) return std::prev(high)->part;
  const core::Hiding& low = *std::prev(high);
  const double share = (simdgroups - low.simdgroups) / (high->simdgroups - low.simdgroups);
  return low.part + share * (high->part - low.part);
}

Prediction predict(const MetalProfile& profile, double memory_bytes, const Footprint& footprint,
                   double products) {
  const Times times = times_of(profile, memory_bytes, products);
  const auto worst = std::max_element(times.begin(), times.end());
  Prediction result;
  result.bound = static_cast<CostBound>(worst - times.begin());
  result.simdgroups_per_core = simdgroups_per_core(footprint);
  if (*worst == 0) return result;
  // What waits for the memory needs few simdgroups.
  const double hiding = result.bound == CostBound::memory ? 1 : latency_hiding(result.simdgroups_per_core);
  const double least = std::max(times[static_cast<size_t>(CostBound::memory)], products * core::kProduct);
  result.utilisation = least / *worst * hiding;
  result.core_cycles =
      hiding == 0 ? std::numeric_limits<double>::infinity() : *worst / hiding / core::kSchedulers;
  return result;
}

}  // namespace fa::metal
