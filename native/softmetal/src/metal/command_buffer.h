// MTLCommandBuffer.
#pragma once

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "metal/command.h"
#include "metal/faults.h"
#include "metal/queue.h"
#include "objc/foundation.h"

namespace softmetal {

struct BlockLiteral;
struct CommandEncoder;

struct CommandBufferDescriptor : Object {
  CommandBufferDescriptor();
  bool retained_references = true;
  uint64_t error_options = 0;
};

// How far a command buffer is. It outlives the object, so that the queue can let go of the object before it
// wakes who waits: after waitUntilCompleted nothing but the client holds it.
class Progress {
 public:
  Status status() const;
  bool is_final() const { return status() >= Status::kCompleted; }
  bool is_committed() const { return status() >= Status::kCommitted; }
  void set(Status status);
  void set_handled();  // the completed handlers have run
  void wait_for(Status status) const;
  void wait_until_handled() const;

 private:
  mutable std::mutex mutex_;
  mutable std::condition_variable changed_;
  Status status_ = Status::kNotEnqueued;
  bool handled_ = false;
};

struct CommandBuffer : Object {
  CommandBuffer(Queue* queue, bool retains);
  ~CommandBuffer() override;

  // A call on it or its encoders that Metal's validation refuses: it will fail.
  void refuse(ReportKind kind, const std::string& call, const std::string& message);
  void refuse(Report report);
  Use use(Buffer* buffer, uint64_t offset) const;
  // False, with a refusal, when it takes no (further) encoder or event now.
  bool can_encode(const char* call);
  void add(std::unique_ptr<Command> command) { commands.push_back(std::move(command)); }
  void commit();
  // The host has learned that it is complete: what it commits from now on comes after it.
  void note_seen();

  Ref<Queue> queue;
  const bool retains;
  uint64_t error_options = 0;
  std::string label;
  const std::shared_ptr<Progress> progress = std::make_shared<Progress>();
  std::vector<std::unique_ptr<Command>> commands;
  std::vector<Report> refusals;
  std::vector<std::shared_ptr<EncoderOrder>> encoder_orders;
  uint64_t serial = 0;  // in its queue, by commit
  CommandEncoder* open_encoder = nullptr;
  std::vector<BlockLiteral*> scheduled_handlers, completed_handlers;
  std::vector<std::string> debug_groups;
  std::optional<InjectedFault> fault;  // injected at commit
  // Of the execution; to be read when progress is final.
  Ref<Error> error;
  double kernel_start = 0, kernel_end = 0, gpu_start = 0, gpu_end = 0;
};

// On the queue's thread.
void execute(Ref<CommandBuffer> buffer);

void register_command_buffer();

}  // namespace softmetal
