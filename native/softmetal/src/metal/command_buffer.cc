#include "metal/command_buffer.h"

#include "metal/encoder.h"
#include "metal/validation.h"
#include "objc/block.h"

namespace softmetal {

Status Progress::status() const {
  std::lock_guard lock(mutex_);
  return status_;
}

void Progress::set(Status status) {
  std::lock_guard lock(mutex_);
  status_ = status;
  changed_.notify_all();
}

void Progress::set_handled() {
  std::lock_guard lock(mutex_);
  handled_ = true;
  changed_.notify_all();
}

void Progress::wait_for(Status status) const {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return status_ >= status; });
}

void Progress::wait_until_handled() const {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [&] { return handled_; });
}

CommandBuffer::CommandBuffer(Queue* queue, bool retains)
    : Object(class_named("MTLCommandBuffer")), queue(queue), retains(retains) {}

CommandBuffer::~CommandBuffer() {
  if (!progress->is_committed()) {
    if (progress->status() == Status::kEnqueued) queue->withdraw(this);
    queue->forget(false);
  }
  for (BlockLiteral* handler : scheduled_handlers) release_block(handler);
  for (BlockLiteral* handler : completed_handlers) release_block(handler);
}

void CommandBuffer::refuse(Report report) {
  ReportLog::shared().add(report);
  if (!progress->is_committed()) refusals.push_back(std::move(report));
}

void CommandBuffer::refuse(ReportKind kind, const std::string& call, const std::string& message) {
  refuse(refusal(kind, call, message));
}

Use CommandBuffer::use(Buffer* buffer, uint64_t offset) const {
  return {buffer->memory, offset, retains ? Ref(buffer) : Ref<Buffer>()};
}

bool CommandBuffer::can_encode(const char* call) {
  if (progress->is_committed()) {
    refuse(ReportKind::kEncoding, call, "encoding into a command buffer that is already committed");
    return false;
  }
  if (open_encoder) {
    refuse(ReportKind::kEncoding, call,
           "A command encoder is already encoding to this command buffer (uncommitted encoder)");
    return false;
  }
  return true;
}

void CommandBuffer::note_seen() {
  uint64_t seen = queue->seen_serial;
  while (seen < serial && !queue->seen_serial.compare_exchange_weak(seen, serial)) {
  }
}

void CommandBuffer::commit() {
  const char* call = "-[MTLCommandBuffer commit]";
  if (progress->is_committed()) {
    return refuse(ReportKind::kEncoding, call, "commit an already committed command buffer");
  }
  if (open_encoder) {
    refuse(ReportKind::kEncoding, call, "commit command buffer with uncommitted encoder");
    open_encoder->abandon();
  }
  // A loss comes last: it counts every commit and stays.
  for (InjectedFault kind :
       {InjectedFault::kCommitMemory, InjectedFault::kCommitTimeout, InjectedFault::kCommitLost}) {
    if (fault_strikes(kind)) fault = kind;
  }
  serial = ++queue->last_serial;
  for (const auto& order : encoder_orders) {
    order->serial = serial;
    order->seen = queue->seen_serial;
  }
  retain(this);  // until it is finished
  if (progress->status() == Status::kNotEnqueued) queue->enqueue(this);
  progress->set(Status::kCommitted);
  queue->start_committed();
}

}  // namespace softmetal
