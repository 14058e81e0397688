// What a command buffer holds between encoding and execution.
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "engine/dispatch.h"
#include "metal/buffer.h"
#include "metal/types.h"
#include "settings/settings.h"

namespace softmetal {

struct CommandBuffer;

// A buffer in a command. A command buffer with unretained references leaves `keep` empty.
struct Use {
  std::shared_ptr<Memory> memory;
  uint64_t offset = 0;
  Ref<Buffer> keep;

  char* address() const { return memory->address() + offset; }
  uint64_t length() const { return memory->length() - offset; }
  bool dangles() const { return !keep && memory->owner_gone; }
};

// One command buffer on its way through the device.
struct Execution {
  CommandBuffer& buffer;
  Settings settings;
  std::chrono::steady_clock::time_point begin;
  std::vector<Report> reports;
  int64_t error_code = 0;  // CommandBufferErrorCode of the first failure
  bool stopped = false;    // nothing but events goes on

  // The log has the report already, or gets it by fail().
  void note(const Report& report, int64_t code);
  void fail(Report report, int64_t code);
  void fail_dangling(const Use& use, const std::string& command);
  // Seconds that the command buffer has left; 0 = no limit.
  double time_left() const;
};

struct Command {
  virtual ~Command() = default;
  virtual void run(Execution& execution) = 0;
  // Events are signalled and awaited even by a command buffer that failed: others wait for it.
  virtual bool runs_after_failure() const { return false; }

  uint64_t concurrent_group = 0;  // neighbours with the same number have no order; 0 = has its place
};

int64_t error_code_for(ReportKind kind);
// Of the device's clock, which counts as the host's monotonic one.
double now_seconds();
uint64_t now_nanoseconds();

// Runs all commands in order; those of one concurrent group as the schedule and its seed say.
void run_commands(std::vector<std::unique_ptr<Command>>& commands, Execution& execution);

}  // namespace softmetal
