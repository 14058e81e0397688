#include "check/checker.h"

#include <mutex>

#include "check/worker_check.h"

namespace softmetal {
namespace {

constexpr size_t kMostFindings = 64;

// Idle workers' memory, so that a dispatch need not begin with a thousand page faults.
class MemoryPool {
 public:
  static MemoryPool& shared() {
    static MemoryPool* pool = new MemoryPool;
    return *pool;
  }
  std::unique_ptr<WorkerMemory> take() {
    std::lock_guard<std::mutex> lock(mutex_);
    if (idle_.empty()) return std::make_unique<WorkerMemory>();
    std::unique_ptr<WorkerMemory> memory = std::move(idle_.back());
    idle_.pop_back();
    return memory;
  }
  void give(std::unique_ptr<WorkerMemory> memory) {
    std::lock_guard<std::mutex> lock(mutex_);
    if (idle_.size() < kMostIdle) idle_.push_back(std::move(memory));
  }

 private:
  static constexpr size_t kMostIdle = 64;
  std::mutex mutex_;
  std::vector<std::unique_ptr<WorkerMemory>> idle_;
};

class DispatchCheckImpl final : public DispatchCheck {
 public:
  explicit DispatchCheckImpl(const Dispatch& dispatch)
      : dispatch_(dispatch),
        order_(dispatch_.kernel->sites),
        record_(DeviceHistory::shared().begin_dispatch(dispatch_)),
        findings_(order_),
        origins_(dispatch_.kernel->sites.size()) {}
  ~DispatchCheckImpl() override { DeviceHistory::shared().end_dispatch(*record_); }

  std::unique_ptr<Observer> observe_worker() override {
    auto worker = std::make_unique<WorkerCheck>(dispatch_, record_, order_, MemoryPool::shared().take());
    worker->when_done([this](AccessFindings&& findings, const std::vector<SiteOrigin>& origins,
                             std::unique_ptr<WorkerMemory> memory) {
      MemoryPool::shared().give(std::move(memory));
      std::lock_guard<std::mutex> lock(mutex_);
      findings_.merge(std::move(findings));
      for (size_t site = 0; site < origins.size(); ++site) origins_[site].merge(origins[site]);
    });
    return worker;
  }
  std::vector<Report> take_reports() override;

 private:
  const Dispatch dispatch_;
  const PlaceOrder order_;
  const std::shared_ptr<const DispatchRecord> record_;
  std::mutex mutex_;
  AccessFindings findings_;
  std::vector<SiteOrigin> origins_;
};

std::vector<Report> DispatchCheckImpl::take_reports() {
  std::lock_guard<std::mutex> lock(mutex_);
  uint64_t dropped = 0;
  std::vector<Report> reports;
  findings_.place_out_of_bounds(origins_);
  for (const AccessFinding& finding : findings_.take(kMostFindings, dropped)) {
    reports.push_back(describe(finding, dispatch_, *record_));
  }
  if (dropped > 0) {
    Report more;
    more.kind = ReportKind::kMore;
    more.kernel = dispatch_.kernel->name;
    more.message = "findings at " + std::to_string(dropped) + " more places or pairs of places are not shown";
    reports.push_back(std::move(more));
  }
  return reports;
}

}  // namespace

std::unique_ptr<DispatchCheck> check_dispatch(const Dispatch& dispatch) {
  return std::make_unique<DispatchCheckImpl>(dispatch);
}

void forget_device_memory(const void* address, uint64_t length) {
  DeviceHistory::shared().forget(reinterpret_cast<uint64_t>(address), length);
}

}  // namespace softmetal
