#include "metal/command.h"

#include <algorithm>
#include <numeric>
#include <random>

#include "metal/command_buffer.h"
#include "metal/validation.h"

namespace softmetal {

void Execution::note(const Report& report, int64_t code) {
  if (reports.empty()) error_code = code;
  reports.push_back(report);
}

void Execution::fail(Report report, int64_t code) {
  ReportLog::shared().add(report);
  note(report, code);
  stopped = true;
}

void Execution::fail_dangling(const Use& use, const std::string& command) {
  fail(refusal(ReportKind::kObject, command,
               "a buffer of length " + std::to_string(use.memory->length()) +
                   " was deallocated while a command buffer with unretained references uses it"),
       kErrorInvalidResource);
}

double Execution::time_left() const {
  if (settings.timeout <= 0) return 0;
  std::chrono::duration<double> used = std::chrono::steady_clock::now() - begin;
  return std::max(settings.timeout - used.count(), 1e-3);
}

int64_t error_code_for(ReportKind kind) {
  switch (kind) {
    case ReportKind::kHang:
      return kErrorTimeout;
    case ReportKind::kAddressFault:
      return kErrorPageFault;
    case ReportKind::kStackOverflow:
      return kErrorStackOverflow;
    case ReportKind::kUnboundArgument:
    case ReportKind::kShortBuffer:
    case ReportKind::kObject:
      return kErrorInvalidResource;
    default:
      return kErrorInternal;
  }
}

uint64_t now_nanoseconds() {
  auto since = std::chrono::steady_clock::now().time_since_epoch();
  return static_cast<uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(since).count());
}

double now_seconds() { return static_cast<double>(now_nanoseconds()) * 1e-9; }

namespace {

std::vector<size_t> group_order(size_t begin, size_t end, const Settings& settings) {
  std::vector<size_t> order(end - begin);
  std::iota(order.begin(), order.end(), begin);
  if (settings.schedule == Schedule::kReverse) std::reverse(order.begin(), order.end());
  if (settings.schedule != Schedule::kRandom) return order;
  // Not std::shuffle: its order is the library's own, and ours must be the same everywhere.
  std::mt19937_64 random(settings.seed * 0x9e3779b97f4a7c15u + begin);
  for (size_t left = order.size(); left > 1; --left) std::swap(order[left - 1], order[random() % left]);
  return order;
}

}  // namespace

void run_commands(std::vector<std::unique_ptr<Command>>& commands, Execution& execution) {
  for (size_t begin = 0; begin < commands.size();) {
    size_t end = begin + 1;
    uint64_t group = commands[begin]->concurrent_group;
    while (group && end < commands.size() && commands[end]->concurrent_group == group) ++end;
    for (size_t index : group_order(begin, end, execution.settings)) {
      Command& command = *commands[index];
      if (!execution.stopped || command.runs_after_failure()) command.run(execution);
    }
    begin = end;
  }
}

}  // namespace softmetal
