#include "metal/faults.h"

#include <array>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <sstream>

#include "settings/settings.h"

namespace softmetal {
namespace {

constexpr std::array kNames = {"compile",        "pipeline",      "allocate", "commit-lost",
                               "commit-timeout", "commit-memory", "delay"};

struct Plan {
  uint64_t first = 0, last = 0, seen = 0;  // strikes at events first..last
};

class Faults {
 public:
  Faults() {
    std::istringstream parts(current_settings().fault);
    for (std::string part, reason; std::getline(parts, part, ',');) {
      if (!parse(part, reason)) std::fprintf(stderr, "softmetal: SOFTMETAL_FAULT: %s\n", reason.c_str());
    }
  }

  bool inject(const std::string& name, uint64_t n, uint64_t times, std::string& reason) {
    size_t index = 0;
    while (index < kNames.size() && name != kNames[index]) ++index;
    if (index == kNames.size()) return reason = "no fault is called '" + name + "'", false;
    if (n == 0) return reason = "'" + name + "' counts from 1", false;
    bool for_ever = times == 0 || index == static_cast<size_t>(InjectedFault::kCommitLost);
    std::lock_guard lock(mutex_);
    plans_[index] = {n, for_ever ? UINT64_MAX : n + times - 1, 0};
    return true;
  }

  void clear() {
    std::lock_guard lock(mutex_);
    plans_ = {};
  }

  bool strikes(InjectedFault fault) {
    std::lock_guard lock(mutex_);
    Plan& plan = plans_[static_cast<size_t>(fault)];
    if (plan.first == 0) return false;
    ++plan.seen;
    return plan.seen >= plan.first && plan.seen <= plan.last;
  }

  uint64_t delay() {
    std::lock_guard lock(mutex_);
    return plans_[static_cast<size_t>(InjectedFault::kDelay)].first;
  }

 private:
  // "name:n" or "name:n:times"
  bool parse(const std::string& text, std::string& reason) {
    size_t colon = text.find(':');
    std::string name = text.substr(0, colon);
    if (colon == std::string::npos) return reason = "'" + text + "' is not of the form fault:n", false;
    char* rest = nullptr;
    uint64_t n = std::strtoull(text.c_str() + colon + 1, &rest, 10);
    uint64_t times = *rest == ':' ? std::strtoull(rest + 1, &rest, 10) : 1;
    if (*rest != 0) return reason = "'" + text + "' is not of the form fault:n or fault:n:times", false;
    return inject(name, n, times, reason);
  }

  std::mutex mutex_;
  std::array<Plan, kNames.size()> plans_;
};

Faults& faults() {
  static auto* all = new Faults;  // never destroyed: queues may still run while the process ends
  return *all;
}

}  // namespace

bool inject_fault(const std::string& name, uint64_t n, uint64_t times, std::string& reason) {
  return faults().inject(name, n, times, reason);
}
void clear_faults() { faults().clear(); }
bool fault_strikes(InjectedFault fault) { return faults().strikes(fault); }
uint64_t delay_milliseconds() { return faults().delay(); }

}  // namespace softmetal
