#include "cpu/processors.h"

#include <algorithm>
#include <cstdlib>
#include <thread>

#if defined(__linux__)
#include <sched.h>

#include <fstream>
#include <string>
#elif defined(__APPLE__)
#include <sys/sysctl.h>
#endif

namespace fa {

namespace {

#if defined(__linux__)

int affinity_cores() {
  // 1024 processors fit the default set; on larger machines the call fails and the count of the system
  // serves.
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) == 0) return CPU_COUNT(&set);
  return static_cast<int>(std::thread::hardware_concurrency());
}

/// Rounded up; 0 when there is no quota.
int quota_cores(double quota, double period) {
  if (quota <= 0 || period <= 0) return 0;
  return static_cast<int>((quota + period - 1) / period);
}

int container_cores() {
  std::ifstream unified("/sys/fs/cgroup/cpu.max");
  std::string quota;
  double period = 0;
  if (unified >> quota >> period) return quota == "max" ? 0 : quota_cores(std::atof(quota.c_str()), period);
  double old_quota = 0;
  std::ifstream old_quota_file("/sys/fs/cgroup/cpu/cpu.cfs_quota_us");
  std::ifstream old_period_file("/sys/fs/cgroup/cpu/cpu.cfs_period_us");
  if (old_quota_file >> old_quota && old_period_file >> period) return quota_cores(old_quota, period);
  return 0;
}

int system_cores() {
  const int affinity = affinity_cores();
  const int container = container_cores();
  return container > 0 ? std::min(affinity, container) : affinity;
}

#elif defined(__APPLE__)

int system_cores() {
  int cores = 0;
  size_t size = sizeof cores;
  if (sysctlbyname("hw.perflevel0.physicalcpu", &cores, &size, nullptr, 0) == 0 && cores > 0) return cores;
  return static_cast<int>(std::thread::hardware_concurrency());
}

#else

int system_cores() { return static_cast<int>(std::thread::hardware_concurrency()); }

#endif

}  // namespace

int usable_cores() { return std::max(system_cores(), 1); }

}  // namespace fa
