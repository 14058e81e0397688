// Plays a kernel to the checks by hand: accesses and barriers in any order, without a compiler or an engine.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "check/checker.h"

namespace softmetal {

// One kernel with the arguments in[0] (const device), out[1] (device), params[2] (constant), tile
// (threadgroup 0), rest (threadgroup 1) and a threadgroup variable `total`. Site n stands at line n of
// k.metal.
struct Driver {
  static constexpr uint32_t kSites = 1000;
  static constexpr uint32_t kBuffer = 4096, kTile = 256, kRest = 64, kTotal = 16;

  Driver() {
    arguments_[0] = {"in", SM_ARGUMENT_BUFFER, 0, 4, 4, 0};
    arguments_[1] = {"out", SM_ARGUMENT_BUFFER, 1, 4, 4, SM_ARGUMENT_WRITABLE};
    arguments_[2] = {"params", SM_ARGUMENT_BUFFER, 2, 16, 4, SM_ARGUMENT_REFERENCE | SM_ARGUMENT_CONSTANT};
    arguments_[3] = {"tile", SM_ARGUMENT_THREADGROUP, 0, 4, 4, SM_ARGUMENT_WRITABLE};
    arguments_[4] = {"rest", SM_ARGUMENT_THREADGROUP, 1, 4, 4, SM_ARGUMENT_WRITABLE};
    variable_ = {"total", image_, kTotal};
    table_.argument_count = 5;
    table_.arguments = arguments_;
    table_.static_image = image_;
    table_.variables_begin = &variable_;
    table_.variables_end = &variable_ + 1;
    kernel_->table = &table_;
    kernel_->name = "f";
    kernel_->image_begin = image_;
    kernel_->image_end = image_ + sizeof image_;
    for (uint32_t i = 0; i < kSites; ++i) kernel_->sites.push_back({{"k.metal", int(i), 3, "f"}, 1, false});
    dispatch.kernel = kernel_;
    dispatch.buffers[0] = {in, kBuffer, true};
    dispatch.buffers[1] = {out, kBuffer, true};
    dispatch.buffers[2] = {params, 16, false};
    dispatch.threadgroup_lengths[0] = kTile;
    dispatch.threadgroup_lengths[1] = kRest;
    set_grid(64, 1);
  }
  ~Driver() {
    finish();
    forget_device_memory(in, kBuffer);
    forget_device_memory(out, kBuffer);
  }

  void set_grid(uint32_t threads, uint32_t groups) {
    for (int i = 0; i < 3; ++i) dispatch.threads_per_threadgroup[i] = dispatch.threads_per_grid[i] = 1;
    dispatch.threads_per_threadgroup[0] = threads;
    dispatch.threads_per_grid[0] = threads * groups;
  }
  Site& site(uint32_t number) { return kernel_->sites[number]; }

  void make_workers(int count) {
    if (!check_) check_ = check_dispatch(dispatch);
    while (int(workers_.size()) < count) workers_.push_back(check_->observe_worker());
    while (int(memory_.size()) < count) memory_.push_back(std::make_unique<Threadgroup>());
  }
  // A worker begins its threadgroup `group`; workers are made when first named.
  void begin(uint32_t group, int worker = 0) {
    make_workers(worker + 1);
    sm_group position = {};
    position.threadgroup_position[0] = group;
    GroupMemory memory = {};
    memory.base = memory_[worker]->bytes;
    memory.argument_offset[0] = 0;
    memory.argument_offset[1] = kTile + 256;
    memory.static_offset = kTile + kRest + 512;
    memory.static_bytes = kTotal;
    memory.used = memory.static_offset + kTotal;
    workers_[worker]->begin_group(position, dispatch.threads_per_threadgroup[0], memory);
  }
  char* tile(int64_t offset, int worker = 0) { return memory_[worker]->bytes + offset; }
  char* rest(int64_t offset, int worker = 0) { return memory_[worker]->bytes + kTile + 256 + offset; }
  char* total(int64_t offset, int worker = 0) {
    return memory_[worker]->bytes + kTile + kRest + 512 + offset;
  }

  void* access(uint32_t thread, sm_access_kind kind, const void* address, uint32_t size, uint32_t site,
               int worker = 0) {
    return workers_[worker]->access(
        {static_cast<char*>(const_cast<void*>(address)), size, kind, site, thread});
  }
  void* read(uint32_t thread, const void* address, uint32_t size, uint32_t site, int worker = 0) {
    return access(thread, SM_READ, address, size, site, worker);
  }
  void* write(uint32_t thread, const void* address, uint32_t size, uint32_t site, int worker = 0) {
    return access(thread, SM_WRITE, address, size, site, worker);
  }
  void barrier(uint32_t flags, int worker = 0) { workers_[worker]->threadgroup_barrier(flags); }
  void simdgroup_barrier(uint32_t simdgroup, uint32_t flags, int worker = 0) {
    workers_[worker]->simdgroup_barrier(simdgroup, flags);
  }

  // Ends the dispatch.
  std::vector<Report> finish() {
    for (auto& worker : workers_) worker->end_group();
    workers_.clear();
    std::vector<Report> reports;
    if (check_) reports = check_->take_reports();
    check_.reset();
    return reports;
  }
  // "slug line[/other line]" of each report, sorted, separated by commas.
  std::string found() {
    std::vector<std::string> texts;
    for (const Report& report : finish()) {
      std::string text = std::string(slug(report.kind)) + " " + std::to_string(report.location.line);
      for (const Note& note : report.notes) text += "/" + std::to_string(note.location.line);
      texts.push_back(text);
    }
    std::sort(texts.begin(), texts.end());
    std::string all;
    for (const std::string& text : texts) all += (all.empty() ? "" : ", ") + text;
    return all;
  }
  Report only() {
    std::vector<Report> reports = finish();
    return reports.size() == 1 ? reports[0] : Report{ReportKind::kMore, "not one report", {}, {}, {}, {}, {}};
  }

  Dispatch dispatch;

 private:
  struct Buffers {
    // Far apart, so that it is clear which one an access outside is nearest to.
    alignas(4096) char before[8192], in[kBuffer], gap[8192], out[kBuffer],
        second_gap[8192], params[16], after[8192];
  };
  std::unique_ptr<Buffers> memory_of_buffers_ = std::make_unique<Buffers>();

 public:
  char *in = memory_of_buffers_->in, *out = memory_of_buffers_->out, *params = memory_of_buffers_->params;

 private:
  struct Threadgroup {
    alignas(1024) char bytes[4096];
  };
  alignas(128) unsigned char image_[64] = {};
  sm_argument arguments_[5];
  sm_variable variable_;
  sm_kernel table_ = {};
  std::shared_ptr<LoadedKernel> kernel_ = std::make_shared<LoadedKernel>();
  std::unique_ptr<DispatchCheck> check_;
  std::vector<std::unique_ptr<Observer>> workers_;
  std::vector<std::unique_ptr<Threadgroup>> memory_;
};

}  // namespace softmetal
