// What all command encoders share.
#pragma once

#include <string>
#include <vector>

#include "metal/command_buffer.h"

namespace softmetal {

struct CommandEncoder : Object {
  CommandEncoder(const char* class_name, CommandBuffer* buffer);
  ~CommandEncoder() override;

  // False, with a refusal, after endEncoding.
  bool is_open(const char* selector);
  void refuse(ReportKind kind, const char* selector, const std::string& message);
  // False, with a refusal, when [offset, offset + size) is not inside the buffer, or there is no buffer.
  bool covers(const char* selector, const char* what, const Buffer* buffer, uint64_t offset, uint64_t size);
  void end();
  void abandon();  // its command buffer is committed while it is open

  const std::string class_name;
  Ref<CommandBuffer> buffer;
  std::string label;
  std::vector<std::string> debug_groups;
  const std::shared_ptr<EncoderOrder> order = std::make_shared<EncoderOrder>();

 protected:
  virtual void encode_end() {}

 private:
  bool ended_ = false;
};

// label, device, endEncoding, debug groups: for each class of encoders.
void register_encoder(const char* class_name);

}  // namespace softmetal
