#include "metal/encoder.h"

#include "metal/property.h"
#include "metal/validation.h"

namespace softmetal {

CommandEncoder::CommandEncoder(const char* class_name, CommandBuffer* buffer)
    : Object(class_named(class_name)), class_name(class_name), buffer(buffer) {
  buffer->open_encoder = this;
  buffer->encoder_orders.push_back(order);
}

CommandEncoder::~CommandEncoder() {
  if (ended_) return;
  refuse(ReportKind::kEncoding, "dealloc", "Command encoder released without endEncoding");
  buffer->open_encoder = nullptr;
}

bool CommandEncoder::is_open(const char* selector) {
  if (!ended_) return true;
  refuse(ReportKind::kEncoding, selector, "the encoder has ended: encoding after endEncoding");
  return false;
}

void CommandEncoder::refuse(ReportKind kind, const char* selector, const std::string& message) {
  buffer->refuse(kind, "-[" + class_name + " " + selector + "]", message);
}

bool CommandEncoder::covers(const char* selector, const char* what, const Buffer* of, uint64_t offset,
                            uint64_t size) {
  if (!of) {
    refuse(ReportKind::kEncoding, selector, std::string(what) + " must not be nil.");
    return false;
  }
  uint64_t length = of->memory->length();
  if (offset <= length && size <= length - offset) return true;
  refuse(ReportKind::kEncoding, selector,
         std::string(what) + ": (offset(" + std::to_string(offset) + ") + size(" + std::to_string(size) +
             ")) must be <= length(" + std::to_string(length) + ").");
  return false;
}

void CommandEncoder::end() {
  if (!is_open("endEncoding")) return;
  encode_end();
  ended_ = true;
  buffer->open_encoder = nullptr;
}

void CommandEncoder::abandon() {
  ended_ = true;
  buffer->open_encoder = nullptr;
}

void register_encoder(const char* name) {
  add_property<&CommandEncoder::label>(name, "label", "setLabel:");
  add_method(name, "endEncoding", +[](CommandEncoder* encoder, Selector) { encoder->end(); });
  add_method(
      name, "device",
      +[](CommandEncoder* encoder, Selector) -> Object* { return encoder->buffer->queue->device.get(); });
  add_method(
      name, "commandBuffer",
      +[](CommandEncoder* encoder, Selector) -> Object* { return encoder->buffer.get(); });
  add_method(
      name, "insertDebugSignpost:", +[](CommandEncoder* encoder, Selector, Object*) {
        encoder->is_open("insertDebugSignpost:");
      });
  add_method(
      name, "pushDebugGroup:", +[](CommandEncoder* encoder, Selector, Object* text) {
        encoder->debug_groups.emplace_back(text_of(text));
      });
  add_method(
      name, "popDebugGroup", +[](CommandEncoder* encoder, Selector) {
        if (encoder->debug_groups.empty()) {
          return encoder->refuse(ReportKind::kEncoding, "popDebugGroup", "no debug group has been pushed");
        }
        encoder->debug_groups.pop_back();
      });
}

}  // namespace softmetal
