// The checks of one worker: every access of the threadgroup that runs goes through here.
#pragma once

#include <functional>
#include <memory>

#include "check/device_history.h"
#include "check/finding.h"
#include "check/group_history.h"
#include "check/ranges.h"

namespace softmetal {

// The large things that a worker needs; kept from one dispatch to the next.
struct WorkerMemory {
  GroupHistory threadgroup, device;
  std::vector<char> scratch;  // where illegal accesses go
};

class WorkerCheck final : public Observer {
 public:
  WorkerCheck(const Dispatch& dispatch, std::shared_ptr<const DispatchRecord> record, const PlaceOrder& order,
              std::unique_ptr<WorkerMemory> memory);
  // Where findings and memory go when the worker is done.
  using Done =
      std::function<void(AccessFindings&&, const std::vector<SiteOrigin>&, std::unique_ptr<WorkerMemory>)>;
  void when_done(Done done) { done_ = std::move(done); }
  ~WorkerCheck() override {
    if (done_) done_(std::move(findings_), origins_, std::move(memory_));
  }

  void begin_group(const sm_group& group, uint32_t threads, const GroupMemory& memory) override;
  void* access(const Access& access) override;
  void block(uint32_t, uint32_t) override {}
  void collective(uint32_t, sm_operation, uint32_t, const sm_place&) override {}
  void simdgroup_barrier(uint32_t simdgroup, uint32_t flags) override;
  void threadgroup_barrier(uint32_t flags) override;
  void end_group() override {}

 private:
  struct SiteState {
    uint32_t alignment_mask;
    int range;  // where its last access was
  };

  void zero_divisor(const Access& access);
  void* illegal(const Access& access);
  void* out_of_bounds(const Access& access);
  void* misaligned(const Access& access, const ArgumentRange& range);
  void check_threadgroup(const Access& access, const ArgumentRange& range);
  void check_device(const Access& access, const ArgumentRange& range);
  void unwritten(const Access& access, const ArgumentRange& range);
  void race(ReportKind kind, const Access& access, const ArgumentRange& range, uint64_t at,
            const AccessParty& other, const GroupClock* clock, Slot past);
  void grid_race(const Access& access, const ArgumentRange& range, uint64_t at, Slot past,
                 sm_access_kind kind);

  AccessFinding finding(ReportKind kind, const Access& access, const ArgumentRange& range, uint64_t at) const;
  void* scratch(uint32_t size);

  const Dispatch& dispatch_;
  ArgumentRanges ranges_;
  std::vector<SiteState> sites_;
  std::vector<SiteOrigin> origins_;  // by site
  DeviceView view_;
  AccessFindings findings_;
  std::unique_ptr<WorkerMemory> memory_;
  Done done_;
  uint32_t group_ = 0;
  uint64_t group_base_ = 0;  // where its threadgroup memory is
};

}  // namespace softmetal
