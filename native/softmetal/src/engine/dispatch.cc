#include "engine/dispatch.h"

#include <algorithm>
#include <thread>

#include "check/checker.h"
#include "count/count_log.h"
#include "count/counter.h"
#include "engine/faults.h"
#include "engine/hooks.h"
#include "engine/pool.h"

namespace softmetal {
namespace {

struct Observers {
  std::unique_ptr<DispatchCheck> check;
  std::unique_ptr<DispatchCount> count;
};

Report describe_dispatch(const Dispatch& dispatch, ReportKind kind, std::string message) {
  Report report{};
  report.kind = kind;
  report.message = std::move(message);
  report.kernel = dispatch.kernel->name;
  report.location = dispatch.kernel->declared;
  return report;
}

// What makes a dispatch impossible to run at all.
std::vector<Report> refuse(const Job& job) {
  const Dispatch& dispatch = job.dispatch;
  std::vector<Report> reports;
  auto refuse_for = [&](ReportKind kind, std::string message) {
    reports.push_back(describe_dispatch(dispatch, kind, std::move(message)));
  };
  if (dispatch.kernel->table->abi_version != SM_ABI_VERSION) {
    refuse_for(ReportKind::kUnsupported, "the kernel was compiled for another version of this device");
  }
  const uint32_t* size = dispatch.threads_per_threadgroup;
  uint64_t threads = uint64_t(size[0]) * size[1] * size[2];
  uint64_t limit = std::min<uint64_t>(dispatch.limits.max_threads, kMaxThreads);
  if (uint32_t own = dispatch.kernel->table->max_threads) limit = std::min<uint64_t>(limit, own);
  if (threads == 0 || size[0] > limit || size[1] > limit || threads > limit) {
    refuse_for(ReportKind::kThreadCount, std::to_string(threads) + " threads per threadgroup (" +
                                             std::to_string(size[0]) + " x " + std::to_string(size[1]) +
                                             " x " + std::to_string(size[2]) + "); from 1 to " +
                                             std::to_string(limit) + " are possible");
  }
  if (job.layout.asked > dispatch.limits.threadgroup_bytes) {
    refuse_for(ReportKind::kThreadgroupMemory,
               std::to_string(job.layout.asked) + " bytes of threadgroup memory, of which " +
                   std::to_string(job.layout.static_bytes) + " are variables of the kernel; the device has " +
                   std::to_string(dispatch.limits.threadgroup_bytes));
  }
  return reports;
}

int worker_count(const Job& job) {
  constexpr int kMostByDefault = 16;  // each has up to 1024 stacks, whose guard pages cost mappings
  int wanted = job.settings.workers;
  if (wanted <= 0) wanted = std::clamp(int(std::thread::hardware_concurrency()), 1, kMostByDefault);
  return int(std::min<uint64_t>(wanted, job.group_count));
}

// One worker's part of a job.
void run_groups(Job& job, Observers& observers, Worker& worker) {
  std::unique_ptr<Observer> check, count;
  if (observers.check) check = observers.check->observe_worker();
  if (observers.count) count = observers.count->observe_worker();
  if (!begin_job(worker, job, check.get(), count.get())) {
    job.findings.add(describe_dispatch(job.dispatch, ReportKind::kThreadgroupMemory,
                                       "the system has no memory for threadgroup memory"),
                     0);
    job.faulted = true;
    return;
  }
  while (!job.stopped) {
    uint64_t position = job.next++;
    if (position >= job.group_count) break;
    run_group(worker, job.order[position]);
    if (worker.abandoned) {
      job.faulted = true;
    } else {
      job.finished++;
    }
  }
}

void run_job(Job& job, Observers& observers) {
  WorkerPool::shared().run({
      .count = worker_count(job),
      .timeout = job.settings.timeout,
      .work = [&](Worker& worker, int) { run_groups(job, observers, worker); },
      .expire = [&] { job.stopped = true; },
  });
  auto fail = [&](ReportKind kind, std::string message) {
    job.faulted = true;
    job.findings.add(describe_dispatch(job.dispatch, kind, std::move(message)), 0);
  };
  if (job.finished == job.group_count || (job.faulted && !job.stopped)) return;
  if (!job.stopped)
    return fail(ReportKind::kUnsupported, "the system has no thread or no memory left to run it");
  job.faulted = true;
  if (!job.hang_reported) fail(ReportKind::kHang, job.hang_message());
}

}  // namespace

DispatchResult run_dispatch(const Dispatch& dispatch, const Settings& settings) {
  install_fault_handlers();
  Job job(dispatch, settings);
  DispatchResult result;
  result.reports = refuse(job);
  result.faulted = !result.reports.empty();
  if (!result.faulted && job.group_count > 0) {
    *dispatch.kernel->table->api = kApi;
    Observers observers;
    if (settings.validate) observers.check = check_dispatch(dispatch);
    if (settings.stats) observers.count = count_dispatch(dispatch);
    run_job(job, observers);
    result.faulted = job.faulted;
    result.reports = job.findings.take();
    if (observers.check) {
      for (Report& report : observers.check->take_reports()) result.reports.push_back(std::move(report));
    }
    if (observers.count) {
      result.counts = observers.count->take();
      CountLog::shared().add({dispatch.kernel->name, dispatch.label, 1, result.counts});
    }
  }
  for (const Report& report : result.reports) ReportLog::shared().add(report);
  return result;
}

}  // namespace softmetal
