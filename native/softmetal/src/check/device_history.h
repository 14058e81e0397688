// What threadgroups did to device memory, across workers and dispatches. Nothing orders two threadgroups of
// one dispatch, nor two dispatches of one order domain, so "when" is simply which threadgroup it was.
#pragma once

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "check/check_cell.h"
#include "engine/dispatch.h"

namespace softmetal {

// One dispatch's threadgroups have the numbers [first, first + count) among all that ever ran.
struct DispatchRecord {
  uint32_t first = 0, count = 0;
  uint32_t groups[3];
  uint64_t domain = 0;
  std::shared_ptr<const LoadedKernel> kernel;
  bool running = true;
};

class DeviceHistory {
 public:
  static DeviceHistory& shared();

  std::shared_ptr<const DispatchRecord> begin_dispatch(const Dispatch& dispatch);
  void end_dispatch(const DispatchRecord& record);
  // The first threadgroup that any kept dispatch of this domain has; there is one.
  uint32_t first_group(uint64_t domain) const;
  // Null when that dispatch is no longer known, and so cannot conflict.
  std::shared_ptr<const DispatchRecord> record_of(uint32_t group) const;

  void forget(uint64_t address, uint64_t length);

 private:
  friend class DeviceView;
  struct SharedPage {
    std::atomic<bool> locked{false};
    Page page;
  };
  struct Shard {
    std::mutex mutex;
    std::unordered_map<uint64_t, SharedPage> pages;
  };
  static constexpr size_t kShards = 64;

  SharedPage* page(uint64_t number);
  bool reshape(Page& page, uint32_t offset, uint32_t size, sm_access_kind kind);
  void forget_page(uint64_t number, SharedPage& page, uint64_t begin, uint64_t end);
  void drop_everything();
  void drop_old_records(uint64_t domain);

  mutable std::mutex records_mutex_;
  std::map<uint32_t, std::shared_ptr<DispatchRecord>> records_;  // by first
  std::unordered_map<uint64_t, uint32_t> domain_first_;          // of every domain in records_
  uint64_t next_group_ = 1;
  uint64_t own_domain_ = uint64_t(1) << 63;  // for dispatches that are ordered against all
  size_t running_ = 0;
  Shard shards_[kShards];
  std::mutex arena_mutex_;
  Arena arena_;
};

// One worker's way into the history during one dispatch.
class DeviceView {
 public:
  DeviceView(DeviceHistory& history, std::shared_ptr<const DispatchRecord> record);

  void begin_group(uint32_t index) { group_ = record_->first + index; }
  const DispatchRecord& record() const { return *record_; }
  std::shared_ptr<const DispatchRecord> record_of(Slot past) const {
    return history_.record_of(time_of(past));
  }

  // One access that lies inside one page; `found` as in GroupHistory::enter.
  template <class Found>
  void enter(uint64_t page_number, uint32_t offset, uint32_t size, sm_access_kind kind, uint32_t thread,
             uint32_t site, Found& found);

  // The order among threadgroups, as check_cell.h wants it.
  bool concurrent(Slot past) const {
    uint32_t group = time_of(past);
    if (group == group_ || group < domain_first_) return false;
    if (group - record_->first < record_->count) return true;
    return other_dispatch_concurrent(group);
  }
  bool same_side(Slot a, Slot b) const { return time_of(a) == time_of(b); }

 private:
  bool other_dispatch_concurrent(uint32_t group) const;
  DeviceHistory::SharedPage* page(uint64_t number) {
    Near& near = near_[number % kNear];
    if (near.number != number || !near.page) [[unlikely]] {
      near = {number, history_.page(number)};
    }
    return near.page;
  }

  struct Near {
    uint64_t number = 0;
    DeviceHistory::SharedPage* page = nullptr;
  };
  static constexpr size_t kNear = 256;

  DeviceHistory& history_;
  std::shared_ptr<const DispatchRecord> record_;
  uint32_t domain_first_, group_ = 0;
  mutable std::shared_ptr<const DispatchRecord> last_other_;
  Near near_[kNear];
};

class PageLock {
 public:
  explicit PageLock(std::atomic<bool>& locked) : locked_(locked) {
    while (locked_.exchange(true, std::memory_order_acquire)) wait();
  }
  ~PageLock() { locked_.store(false, std::memory_order_release); }
  PageLock(const PageLock&) = delete;
  PageLock& operator=(const PageLock&) = delete;

 private:
  void wait();
  std::atomic<bool>& locked_;
};

template <class Found>
void DeviceView::enter(uint64_t page_number, uint32_t offset, uint32_t size, sm_access_kind kind,
                       uint32_t thread, uint32_t site, Found& found) {
  DeviceHistory::SharedPage* shared = page(page_number);
  PageLock lock(shared->locked);
  Page& page = shared->page;
  if (!page.fits(offset, size, kind) && !history_.reshape(page, offset, size, kind)) return;
  Slot present = make_slot(group_, thread, site);
  auto conflict = [&](const Slot* at, Slot past, sm_access_kind past_kind) {
    found(past, past_kind, page.offset_of(at));
  };
  Slot* cell = page.cell(page.first_cell(offset));
  int columns = page.columns;
  for (uint32_t n = page.end_cell(offset, size) - page.first_cell(offset); n > 0; --n, cell += columns) {
    check_cell(cell, columns, kind, present, *this, conflict);
  }
}

}  // namespace softmetal
