#include "check/device_history.h"

#include <sched.h>

namespace softmetal {
namespace {

// When the history is larger than this and no dispatch runs, it starts afresh with the next order domain.
constexpr size_t kKeptBytes = 256 << 20;
// Pages beyond this have no history across threadgroups: races there are not seen.
constexpr size_t kMostBytes = size_t(4) << 30;
constexpr size_t kKeptRecords = 4096;
// Numbers of threadgroups start again when this is passed.
constexpr uint64_t kLastGroup = 0x80000000u;

}  // namespace

void PageLock::wait() {
  for (int spins = 0; locked_.load(std::memory_order_relaxed); ++spins) {
    if (spins > 100) sched_yield();  // its holder may not be on a core
  }
}

DeviceHistory& DeviceHistory::shared() {
  // Never destroyed: a buffer that outlives main() still tells that it goes.
  static DeviceHistory* history = new DeviceHistory;
  return *history;
}

std::shared_ptr<const DispatchRecord> DeviceHistory::begin_dispatch(const Dispatch& dispatch) {
  auto record = std::make_shared<DispatchRecord>();
  uint64_t count = 1;
  for (int axis = 0; axis < 3; ++axis) {
    uint32_t size = dispatch.threads_per_threadgroup[axis];
    record->groups[axis] = size == 0 ? 0 : (dispatch.threads_per_grid[axis] + uint64_t(size) - 1) / size;
    count *= record->groups[axis];
  }
  record->count = static_cast<uint32_t>(count);
  record->kernel = dispatch.kernel;

  std::lock_guard<std::mutex> lock(records_mutex_);
  record->domain = dispatch.order_domain != 0 ? dispatch.order_domain : ++own_domain_;
  drop_old_records(record->domain);
  record->first = static_cast<uint32_t>(next_group_);
  next_group_ += count;
  ++running_;
  records_[record->first] = record;
  domain_first_.try_emplace(record->domain, record->first);
  return record;
}

void DeviceHistory::end_dispatch(const DispatchRecord& record) {
  std::lock_guard<std::mutex> lock(records_mutex_);
  --running_;
  auto known = records_.find(record.first);
  if (known == records_.end()) return;
  known->second->running = false;
  // Whoever comes later is ordered after it.
  if (record.domain >> 63) {
    records_.erase(known);
    domain_first_.erase(record.domain);
  }
}

void DeviceHistory::drop_old_records(uint64_t domain) {
  if (running_ == 0 && !domain_first_.count(domain)) {
    size_t bytes;
    {
      std::lock_guard<std::mutex> lock(arena_mutex_);
      bytes = arena_.used_bytes();
    }
    if (bytes > kKeptBytes || next_group_ > kLastGroup) drop_everything();
  }
  if (records_.size() < kKeptRecords) return;
  for (auto it = records_.begin(); it != records_.end();) {
    bool old = it->second->domain != domain && !it->second->running;
    it = old ? records_.erase(it) : std::next(it);
  }
  domain_first_.clear();
  for (const auto& [first, record] : records_) domain_first_.try_emplace(record->domain, first);
}

void DeviceHistory::drop_everything() {
  for (Shard& shard : shards_) {
    std::lock_guard<std::mutex> lock(shard.mutex);
    shard.pages.clear();
  }
  std::lock_guard<std::mutex> lock(arena_mutex_);
  arena_.release();
  records_.clear();
  domain_first_.clear();
  next_group_ = 1;
}

uint32_t DeviceHistory::first_group(uint64_t domain) const {
  std::lock_guard<std::mutex> lock(records_mutex_);
  return domain_first_.at(domain);
}

std::shared_ptr<const DispatchRecord> DeviceHistory::record_of(uint32_t group) const {
  std::lock_guard<std::mutex> lock(records_mutex_);
  auto after = records_.upper_bound(group);
  if (after == records_.begin()) return nullptr;
  const auto& record = std::prev(after)->second;
  return group - record->first < record->count ? record : nullptr;
}

DeviceHistory::SharedPage* DeviceHistory::page(uint64_t number) {
  Shard& shard = shards_[number % kShards];
  std::lock_guard<std::mutex> lock(shard.mutex);
  return &shard.pages[number];
}

bool DeviceHistory::reshape(Page& page, uint32_t offset, uint32_t size, sm_access_kind kind) {
  std::lock_guard<std::mutex> lock(arena_mutex_);
  return arena_.used_bytes() < kMostBytes && page.reshape(offset, size, kind, arena_);
}

void DeviceHistory::forget_page(uint64_t number, SharedPage& shared, uint64_t begin, uint64_t end) {
  uint64_t page_begin = number << kPageShift, page_end = page_begin + kPageBytes;
  if (end <= page_begin || begin >= page_end) return;
  PageLock lock(shared.locked);
  Page& page = shared.page;
  if (!page.slots) return;
  uint32_t from = static_cast<uint32_t>(std::max(begin, page_begin) - page_begin);
  uint32_t to = static_cast<uint32_t>(std::min(end, page_end) - page_begin);
  uint32_t first = page.first_cell(from), last = page.end_cell(from, to - from);
  std::fill(page.cell(first), page.cell(last), Slot(0));
}

void DeviceHistory::forget(uint64_t address, uint64_t length) {
  if (length == 0) return;
  uint64_t end = address + length;
  uint64_t first = address >> kPageShift, last = (end - 1) >> kPageShift;
  for (uint64_t i = 0; i < kShards; ++i) {
    uint64_t start = first + i;  // the lowest page number that belongs to this shard
    Shard& shard = shards_[start % kShards];
    std::lock_guard<std::mutex> lock(shard.mutex);
    if ((last - first) / kShards < shard.pages.size()) {
      for (uint64_t number = start; number <= last; number += kShards) {
        auto known = shard.pages.find(number);
        if (known != shard.pages.end()) forget_page(number, known->second, address, end);
      }
    } else {
      for (auto& [number, page] : shard.pages) forget_page(number, page, address, end);
    }
  }
}

DeviceView::DeviceView(DeviceHistory& history, std::shared_ptr<const DispatchRecord> record)
    : history_(history), record_(std::move(record)), domain_first_(history.first_group(record_->domain)) {}

bool DeviceView::other_dispatch_concurrent(uint32_t group) const {
  if (!last_other_ || group - last_other_->first >= last_other_->count) {
    last_other_ = history_.record_of(group);
  }
  return last_other_ && last_other_->domain == record_->domain;
}

}  // namespace softmetal
