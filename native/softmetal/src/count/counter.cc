#include "count/counter.h"

#include <deque>
#include <mutex>

#include "count/bank_conflicts.h"
#include "count/traffic.h"

namespace softmetal {
namespace {

struct WorkerTotals {
  Counts counts;                 // all but arithmetic and device memory
  std::vector<uint64_t> blocks;  // executions by threads
  std::vector<Bytes> bytes;      // by region
};

class WorkerCounter final : public Observer {
 public:
  WorkerCounter(WorkerTotals& totals, std::vector<Region>& regions)
      : totals_(totals), traffic_(regions, totals.bytes) {}

  void begin_group(const sm_group&, uint32_t threads, const GroupMemory& memory) override {
    memory_ = memory;
    if (memory.used != bank_bytes_) banks_.resize(bank_bytes_ = memory.used);
    const uint32_t simdgroups = (threads + SM_LANES - 1) / SM_LANES;
    if (requests_.size() < simdgroups) requests_.resize(simdgroups);
    for (SimdgroupRequests& requests : requests_) requests.clear();
    totals_.counts.threadgroups++;
    totals_.counts.threads += threads;
    totals_.counts.simdgroups += simdgroups;
  }

  void* access(const Access& access) override {
    if (access.kind == SM_ZERO_DIVISOR) return access.address;
    const bool atomic = access.kind != SM_READ && access.kind != SM_WRITE;
    const bool reads = access.kind != SM_WRITE && access.kind != SM_ATOMIC_WRITE;
    const bool writes = access.kind != SM_READ && access.kind != SM_ATOMIC_READ;
    Counts& counts = totals_.counts;
    counts.atomics += atomic;
    const ptrdiff_t offset = access.address - memory_.base;
    if (offset < 0 || offset >= static_cast<ptrdiff_t>(memory_.used)) {
      traffic_.touch(access.address, access.size, reads, writes);
      return access.address;
    }
    if (reads) counts.threadgroup_bytes_read += access.size;
    if (writes) counts.threadgroup_bytes_written += access.size;
    requests_[access.thread / SM_LANES].add(
        access.thread % SM_LANES, {access.site, static_cast<uint32_t>(offset), access.size, atomic});
    return access.address;
  }

  void block(uint32_t, uint32_t block) override {
    if (block < totals_.blocks.size()) totals_.blocks[block]++;
  }

  void collective(uint32_t simdgroup, sm_operation operation, uint32_t, const sm_place&) override {
    flush(simdgroup);
    static constexpr uint64_t Counts::* kTally[SM_OPERATION_COUNT] = {
        &Counts::simdgroup_barriers, &Counts::shuffles,    &Counts::reductions,
        &Counts::prefixes,           &Counts::votes,       &Counts::matrix_f32,
        &Counts::matrix_f16,         &Counts::matrix_bf16, nullptr};
    static_assert(SM_SIMDGROUP_BARRIER == 0 && SM_SHUFFLE == 1 && SM_REDUCE == 2 && SM_PREFIX == 3 &&
                  SM_VOTE == 4 && SM_MATRIX_F32 == 5 && SM_MATRIX_F16 == 6 && SM_MATRIX_BF16 == 7 &&
                  SM_MATRIX_MEMORY == 8);
    // Loads and stores of matrices show as bytes.
    if (kTally[operation]) totals_.counts.*kTally[operation] += 1;
  }

  void simdgroup_barrier(uint32_t simdgroup, uint32_t) override {
    flush(simdgroup);
    totals_.counts.simdgroup_barriers++;
  }

  void threadgroup_barrier(uint32_t) override {
    flush_all();
    totals_.counts.threadgroup_barriers++;
  }

  void end_group() override { flush_all(); }

 private:
  void flush(uint32_t simdgroup) { requests_[simdgroup].flush(banks_, totals_.counts); }
  void flush_all() {
    for (SimdgroupRequests& requests : requests_) requests.flush(banks_, totals_.counts);
  }

  WorkerTotals& totals_;
  Traffic traffic_;
  GroupMemory memory_ = {};
  uint32_t bank_bytes_ = 0;
  Banks banks_;
  std::vector<SimdgroupRequests> requests_;
};

class DispatchCounter final : public DispatchCount {
 public:
  explicit DispatchCounter(const Dispatch& dispatch)
      : kernel_(dispatch.kernel), regions_(device_regions(dispatch)) {}

  std::unique_ptr<Observer> observe_worker() override {
    std::lock_guard lock(mutex_);
    WorkerTotals& totals = workers_.emplace_back();
    totals.blocks.resize(kernel_->blocks.size());
    totals.bytes.resize(regions_.size());
    return std::make_unique<WorkerCounter>(totals, regions_);
  }

  Counts take() override {
    std::lock_guard lock(mutex_);
    Counts result;
    std::vector<Bytes> region_bytes(regions_.size());
    for (const WorkerTotals& totals : workers_) {
      result += totals.counts;
      for (size_t i = 0; i < totals.blocks.size(); i++)
        add_block(result, kernel_->blocks[i], totals.blocks[i]);
      for (size_t i = 0; i < regions_.size(); i++) {
        region_bytes[i].read += totals.bytes[i].read;
        region_bytes[i].written += totals.bytes[i].written;
        region_bytes[i].accesses += totals.bytes[i].accesses;
      }
    }
    for (size_t i = 0; i < regions_.size(); i++) {
      const uint64_t unique_read = regions_[i].read.marked(), unique_written = regions_[i].written.marked();
      const Bytes& bytes = region_bytes[i];
      result.device_bytes_read += bytes.read;
      result.device_bytes_written += bytes.written;
      result.device_accesses += bytes.accesses;
      result.device_bytes_read_unique += unique_read;
      result.device_bytes_written_unique += unique_written;
      if (regions_[i].index == Region::kNoIndex || bytes.read + bytes.written == 0) continue;
      Counts::Traffic& traffic = result.buffers[regions_[i].index];
      traffic.name = argument_name(regions_[i].index);
      traffic.read += bytes.read;
      traffic.written += bytes.written;
      traffic.accesses += bytes.accesses;
      traffic.unique_read += unique_read;
      traffic.unique_written += unique_written;
    }
    return result;
  }

 private:
  static void add_block(Counts& counts, const Block& block, uint64_t executions) {
    counts.multiply_adds += block.multiply_adds * executions;
    counts.additions += block.additions * executions;
    counts.multiplications += block.multiplications * executions;
    counts.divisions += block.divisions * executions;
    counts.exp2 += block.exp2 * executions;
    counts.other_math += block.other_math * executions;
    counts.comparisons += block.comparisons * executions;
    counts.integer += block.integer * executions;
    counts.conversions += block.conversions * executions;
  }

  std::string argument_name(uint32_t index) const {
    const sm_kernel* table = kernel_->table;
    for (uint32_t i = 0; table && i < table->argument_count; i++) {
      const sm_argument& argument = table->arguments[i];
      if (argument.kind == SM_ARGUMENT_BUFFER && argument.index == index) return argument.name;
    }
    return "";
  }

  std::shared_ptr<const LoadedKernel> kernel_;
  std::vector<Region> regions_;
  std::mutex mutex_;
  std::deque<WorkerTotals> workers_;  // outlive the observers that fill them
};

}  // namespace

std::unique_ptr<DispatchCount> count_dispatch(const Dispatch& dispatch) {
  return std::make_unique<DispatchCounter>(dispatch);
}

}  // namespace softmetal
