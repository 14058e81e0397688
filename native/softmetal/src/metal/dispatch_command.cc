#include "metal/dispatch_command.h"

#include <atomic>
#include <cstring>

#include "metal/validation.h"

namespace softmetal {
namespace {

uint64_t next_dispatch_number() {
  static std::atomic<uint64_t> last{0};
  return ++last;
}

// Whether the kernel may write through its argument at `index`.
bool kernel_writes(const LoadedKernel& kernel, uint32_t index) {
  for (sm_uint i = 0; i < kernel.table->argument_count; ++i) {
    const sm_argument& argument = kernel.table->arguments[i];
    if (argument.kind != SM_ARGUMENT_BUFFER || argument.index != index) continue;
    if (argument.flags & SM_ARGUMENT_WRITABLE) return true;
  }
  return false;
}

}  // namespace

DispatchCommand::DispatchCommand(ComputeEncoder& encoder, Size threads) : order_(encoder.order) {
  const Profile& profile = encoder.pipeline->device->profile;
  dispatch_.kernel = encoder.pipeline->kernel;
  dispatch_.threads_per_threadgroup[0] = static_cast<uint32_t>(threads.width);
  dispatch_.threads_per_threadgroup[1] = static_cast<uint32_t>(threads.height);
  dispatch_.threads_per_threadgroup[2] = static_cast<uint32_t>(threads.depth);
  dispatch_.limits.max_threads = static_cast<uint32_t>(encoder.pipeline->max_threads);
  dispatch_.limits.threadgroup_bytes = static_cast<uint32_t>(profile.max_threadgroup_memory_length);
  dispatch_.label = encoder.label.empty() ? encoder.buffer->label : encoder.label;
  dispatch_.order_domain = encoder.concurrent_group;
  bind(encoder);
}

void DispatchCommand::bind(ComputeEncoder& encoder) {
  for (uint32_t index = 0; index < SM_BUFFERS; ++index) {
    const Binding& binding = encoder.bindings[index];
    dispatch_.threadgroup_lengths[index] = encoder.threadgroup_lengths[index];
    if (binding.bytes) {
      dispatch_.buffers[index] = {binding.bytes->address(), binding.bytes->length(), false};
      bytes_.push_back(binding.bytes);
    } else if (binding.buffer) {
      Use use = encoder.buffer->use(binding.buffer.get(), binding.offset);
      dispatch_.buffers[index] = {use.address(), use.length(), true};
      order_->note(*binding.buffer, kernel_writes(*dispatch_.kernel, index));
      uses_.push_back(std::move(use));
    }
  }
  for (const Use& use : encoder.resident) {
    dispatch_.resident.push_back({use.address(), use.length()});
    uses_.push_back(use);
  }
}

void DispatchCommand::set_grid(Size grid) {
  dispatch_.threads_per_grid[0] = static_cast<uint32_t>(grid.width);
  dispatch_.threads_per_grid[1] = static_cast<uint32_t>(grid.height);
  dispatch_.threads_per_grid[2] = static_cast<uint32_t>(grid.depth);
}

bool DispatchCommand::read_grid(Execution& execution) {
  uint32_t groups[3];
  std::memcpy(groups, indirect_->address(), sizeof groups);
  for (int axis = 0; axis < 3; ++axis) {
    uint64_t threads = uint64_t{groups[axis]} * dispatch_.threads_per_threadgroup[axis];
    if (threads > UINT32_MAX) {
      execution.fail(refusal(ReportKind::kThreadCount, "dispatch of " + dispatch_.kernel->name,
                             "the indirect buffer asks for " + std::to_string(groups[axis]) +
                                 " threadgroups, more than 4294967295 threads along one axis of the grid"),
                     kErrorInternal);
      return false;
    }
    dispatch_.threads_per_grid[axis] = static_cast<uint32_t>(threads);
  }
  return groups[0] && groups[1] && groups[2];
}

bool DispatchCommand::memory_is_alive(Execution& execution) const {
  const std::string command = "dispatch of " + dispatch_.kernel->name;
  for (const Use& use : uses_) {
    if (use.dangles()) return execution.fail_dangling(use, command), false;
  }
  if (indirect_ && indirect_->dangles()) return execution.fail_dangling(*indirect_, command), false;
  return true;
}

void DispatchCommand::run(Execution& execution) {
  if (!memory_is_alive(execution)) return;
  if (indirect_ && !read_grid(execution)) return;
  OrderHistory& history = execution.buffer.queue->order_history;
  history.enter(order_);
  if (!concurrent_group && is_first) dispatch_.order_domain = history.first_domain();
  if (!concurrent_group && is_last && !is_first) dispatch_.order_domain = history.last_domain();
  dispatch_.number = next_dispatch_number();
  Settings settings = execution.settings;
  settings.timeout = execution.time_left();
  DispatchResult result = run_dispatch(dispatch_, settings);
  for (const Report& report : result.reports) execution.note(report, error_code_for(report.kind));
  if (!result.faulted) return;
  if (execution.reports.empty()) execution.error_code = kErrorInternal;
  execution.stopped = true;
}

}  // namespace softmetal
