// What a fault of a kernel is reported as.
#include <algorithm>
#include <cstdio>
#include <optional>

#include "engine/faults.h"
#include "engine/finding.h"

namespace softmetal {
namespace {

struct Candidate {
  std::string table;
  int index;
  const char* begin;
  uint64_t length;
};

// The binding that an address most likely was meant for: the nearest.
std::optional<ArgumentPlace> nearest_argument(const Worker& worker, const char* address) {
  const Dispatch& dispatch = worker.job->dispatch;
  std::optional<ArgumentPlace> best;
  uint64_t best_distance = 0;
  auto consider = [&](const Candidate& one) {
    int64_t offset = int64_t(uint64_t(address) - uint64_t(one.begin));
    uint64_t distance =
        offset < 0 ? uint64_t(-offset) : uint64_t(offset) - std::min(uint64_t(offset), one.length);
    if (best && distance >= best_distance) return;
    best_distance = distance;
    best = ArgumentPlace{"", one.table, one.index, offset, one.length};
  };
  for (int i = 0; i < SM_BUFFERS; i++) {
    const BufferBinding& buffer = dispatch.buffers[i];
    if (buffer.address) consider({"buffer", i, static_cast<char*>(buffer.address), buffer.length});
    if (dispatch.threadgroup_lengths[i]) {
      consider({"threadgroup", i, worker.threadgroup_memory + worker.memory.argument_offset[i],
                dispatch.threadgroup_lengths[i]});
    }
  }
  if (worker.memory.static_offset < worker.memory.used) {
    consider({"variable", -1, worker.static_memory, worker.memory.used - worker.memory.static_offset});
  }
  uint64_t reach = worker.job->settings.guard_bytes;
  if (best && best_distance > reach) best.reset();
  return best;
}

void name_argument(const Worker& worker, ArgumentPlace& place) {
  const sm_kernel& table = *worker.job->dispatch.kernel->table;
  const sm_uint kind = place.table == "buffer" ? SM_ARGUMENT_BUFFER : SM_ARGUMENT_THREADGROUP;
  for (sm_uint i = 0; i < table.argument_count; i++) {
    const sm_argument& argument = table.arguments[i];
    if (argument.kind == kind && int(argument.index) == place.index) place.name = argument.name;
  }
}

std::string hexadecimal(const void* address) {
  char text[2 + 16 + 1];
  std::snprintf(text, sizeof text, "0x%llx",
                static_cast<unsigned long long>(reinterpret_cast<uintptr_t>(address)));
  return text;
}

Report describe_address_fault(const Worker& worker, const sm_thread* thread) {
  const char* address = worker.fault.address;
  if (worker.fault.code == SI_KERNEL) {
    return describe(worker, ReportKind::kAddressFault,
                    "an access at no valid address, or at one that its vector type forbids", thread);
  }
  std::optional<ArgumentPlace> near = nearest_argument(worker, address);
  std::string message = "an access at " + hexadecimal(address) + " hits no memory";
  if (near) {
    name_argument(worker, *near);
    int64_t past = near->offset - int64_t(near->length);
    message += near->offset < 0 ? ", " + std::to_string(-near->offset) + " bytes before "
                                : ", " + std::to_string(past) + " bytes past the end of ";
    message += near->table == "variable" ? "the threadgroup variables"
                                         : near->table + "(" + std::to_string(near->index) + ")";
    message += " of " + std::to_string(near->length) + " bytes";
  } else if (reinterpret_cast<uintptr_t>(address) < (1 << 16)) {
    message += ": a null pointer, perhaps of an argument that is not bound";
  }
  Report report = describe(worker, ReportKind::kAddressFault, message, thread);
  report.argument = near;
  return report;
}

Report describe_fault(const Worker& worker, const sm_thread* thread) {
  switch (worker.fault.signal) {
    case kStopSignal:
      return describe(worker, ReportKind::kHang, worker.job->hang_message(), thread);
    case SIGFPE:
      return describe(worker, ReportKind::kIntegerDivision,
                      "an integer division by zero, or of the least integer by -1", thread);
    case SIGILL:
    case SIGTRAP:
      return describe(worker, ReportKind::kAddressFault,
                      "the kernel ran into a trap that the compiler left where behaviour is undefined",
                      thread);
    default:
      return describe_address_fault(worker, thread);
  }
}

}  // namespace

void report_fault(Worker& worker) {
  if (worker.fault.signal == kStopSignal && worker.job->hang_reported.exchange(true))
    return;  // once is enough
  const sm_thread* thread = &worker.current->thread;
  if (worker.fault.signal == SIGSEGV && worker.stacks.contains(worker.fault.address)) {
    add_finding(worker, describe(worker, ReportKind::kStackOverflow,
                                 "the thread's private memory of " + std::to_string(kStackBytes >> 10) +
                                     " KiB is used up",
                                 thread));
  } else {
    add_finding(worker, describe_fault(worker, thread));
  }
}

}  // namespace softmetal
