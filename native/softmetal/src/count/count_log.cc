#include "count/count_log.h"

#include <algorithm>

#include "report/json.h"

namespace softmetal {

CountLog& CountLog::shared() {
  static CountLog log;
  return log;
}

void CountLog::add(CountEntry entry) {
  std::lock_guard lock(mutex_);
  entries_.push_back(std::move(entry));
}

std::vector<CountEntry> CountLog::all() const {
  std::lock_guard lock(mutex_);
  return entries_;
}

std::vector<CountEntry> CountLog::by_kernel() const {
  std::vector<CountEntry> sums;
  for (CountEntry& entry : all()) {
    auto same = [&](const CountEntry& sum) { return sum.kernel == entry.kernel; };
    auto sum = std::find_if(sums.begin(), sums.end(), same);
    if (sum == sums.end()) {
      entry.label.clear();
      sums.push_back(std::move(entry));
    } else {
      sum->dispatches += entry.dispatches;
      sum->counts += entry.counts;
    }
  }
  return sums;
}

void CountLog::clear() {
  std::lock_guard lock(mutex_);
  entries_.clear();
}

std::string to_json(const std::vector<CountEntry>& entries) {
  std::string text = "[";
  for (const CountEntry& entry : entries) {
    if (text.size() > 1) text += ", ";
    text += "{" + json_member("kernel", json_string(entry.kernel)) + ", " +
            json_member("label", json_string(entry.label)) + ", " +
            json_member("dispatches", std::to_string(entry.dispatches)) + ", " +
            json_member("counts", to_json(entry.counts)) + "}";
  }
  return text + "]";
}

}  // namespace softmetal
