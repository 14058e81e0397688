#include "compile/instrument_access.h"

#include <algorithm>

namespace softmetal::ir {
namespace {

// The pointer of "ptr nonnull align 4 %1", "atomic ptr addrspace(1) @x monotonic", "add ptr %3".
std::string_view pointer_of(std::string_view operand) {
  size_t type = starts_with(operand, "ptr") ? 0 : operand.find(" ptr ");
  if (type == std::string_view::npos) return {};
  size_t first = std::string_view::npos;
  for (const char* start :
       {" %", " @", " getelementptr", " inttoptr", " addrspacecast", " null", " undef", " poison"})
    first = std::min(first, operand.find(start, type + 3));
  if (first == std::string_view::npos) return {};
  std::string_view value = operand.substr(first + 1);
  return value.substr(0, value_length(value));
}

std::string_view alignment_in(std::string_view text) {
  size_t at = text.rfind("align ");
  if (at == std::string_view::npos) return {};
  size_t end = at + 6;
  while (end < text.size() && text[end] >= '0' && text[end] <= '9') end++;
  return text.substr(at, end - at);
}

std::string_view alignment_among(const std::vector<std::string_view>& operands) {
  for (std::string_view operand : operands)
    if (starts_with(operand, "align ")) return operand;
  return {};
}

bool take_flag(std::string_view& text, std::string_view flag) {
  if (!starts_with(text, flag)) return false;
  text = trimmed(text.substr(flag.size()));
  return true;
}

struct Replacement {
  std::string_view old;  // a part of the line
  std::string text;
};

std::string replaced(std::string_view line, std::vector<Replacement> parts) {
  std::sort(parts.begin(), parts.end(),
            [](const Replacement& a, const Replacement& b) { return a.old.data() < b.old.data(); });
  std::string result;
  const char* at = line.data();
  for (const Replacement& part : parts) {
    result.append(at, part.old.data());
    result += part.text;
    at = part.old.data() + part.old.size();
  }
  return result.append(at, line.data() + line.size());
}

}  // namespace

std::vector<Touch> AccessRewriter::load(const Instruction& instruction) const {
  std::vector<std::string_view> operands = split_operands(instruction.rest);
  if (operands.size() < 2) return {};
  bool atomic = take_flag(operands[0], "atomic ");
  take_flag(operands[0], "volatile ");
  Layout layout;
  if (!types_.layout(operands[0], layout)) return {};
  return {{pointer_of(operands[1]),
           alignment_among(operands),
           atomic ? SM_ATOMIC_READ : SM_READ,
           layout.bytes,
           {},
           !atomic && layout.bytes > 1 && starts_with(operands[0], "i")}};
}

std::vector<Touch> AccessRewriter::store(const Instruction& instruction) const {
  std::vector<std::string_view> operands = split_operands(instruction.rest);
  if (operands.size() < 2) return {};
  bool atomic = take_flag(operands[0], "atomic ");
  take_flag(operands[0], "volatile ");
  Layout layout;
  if (!types_.layout(operands[0], layout)) return {};
  return {{pointer_of(operands[1]),
           alignment_among(operands),
           atomic ? SM_ATOMIC_WRITE : SM_WRITE,
           layout.bytes,
           {}}};
}

// "add ptr %33, i32 1 monotonic, align 4", "weak ptr %p, i32 %a, i32 %b acquire monotonic, align 4"
std::vector<Touch> AccessRewriter::atomic(const Instruction& instruction) const {
  std::vector<std::string_view> operands = split_operands(instruction.rest);
  Layout layout;
  if (operands.size() < 2 || !types_.layout(operands[1], layout)) return {};
  return {{pointer_of(operands[0]), alignment_among(operands), SM_ATOMIC, layout.bytes, {}}};
}

std::vector<Touch> AccessRewriter::memory_call(const Instruction& instruction) const {
  Call call = parse_call(instruction);
  bool set = starts_with(call.callee, "@llvm.memset.");
  if (!set && !starts_with(call.callee, "@llvm.memcpy.") && !starts_with(call.callee, "@llvm.memmove."))
    return {};
  std::vector<std::string_view> operands = split_operands(call.arguments);
  if (operands.size() < 3) return {};
  Touch write{pointer_of(operands[0]), alignment_in(operands[0]), SM_WRITE, 0, {}, !set};
  std::string_view length = last_word(operands[2]);
  if (starts_with(length, "%")) {
    write.variable_bytes = operands[2];
  } else {
    for (char digit : length) write.bytes = write.bytes * 10 + static_cast<uint64_t>(digit - '0');
    if (write.bytes == 0) return {};
  }
  if (set) return {write};
  Touch read = write;
  read.pointer = pointer_of(operands[1]);
  read.alignment = alignment_in(operands[1]);
  read.kind = SM_READ;
  return {read, write};
}

std::vector<Touch> AccessRewriter::touches(const Instruction& instruction) const {
  if (instruction.opcode == "load") return load(instruction);
  if (instruction.opcode == "store") return store(instruction);
  if (instruction.opcode == "atomicrmw" || instruction.opcode == "cmpxchg") return atomic(instruction);
  if (instruction.opcode == "call") return memory_call(instruction);
  return {};
}

// Emits the call and returns the name of the address to use.
std::string AccessRewriter::announce(const Touch& touch, const Location& location, std::string& text) {
  uint32_t alignment =
      touch.alignment.empty() ? 1 : static_cast<uint32_t>(number_after(touch.alignment, "align "));
  std::string site = std::to_string(sites_.size());
  sites_.push_back({location, alignment, touch.copy});
  std::string name = "%softmetal." + std::to_string(names_++);
  std::string what = "i32 " + std::to_string(touch.kind) + ", i32 " + site + ")\n";
  std::string pointer(touch.pointer);
  if (touch.variable_bytes.empty()) {
    text += "  " + name + " = call ptr @sm_access(ptr " + pointer + ", i32 " + std::to_string(touch.bytes) +
            ", " + what;
    return name;
  }
  std::string length(last_word(touch.variable_bytes));
  std::string_view type = touch.variable_bytes.substr(0, touch.variable_bytes.find(' '));
  if (type != "i64") {
    text += "  " + name + ".bytes = zext " + std::string(type) + " " + length + " to i64\n";
    length = name + ".bytes";
  }
  text += "  " + name + " = call ptr @sm_access_range(ptr " + pointer + ", i64 " + length + ", " + what;
  return name;
}

bool AccessRewriter::rewrite(const Instruction& instruction,
                             const std::set<std::string_view>& private_pointers, const Location& location,
                             std::string& text) {
  std::vector<Replacement> parts;
  for (const Touch& touch : touches(instruction)) {
    if (touch.pointer.empty() || private_pointers.count(touch.pointer)) continue;
    parts.push_back({touch.pointer, announce(touch, location, text)});
    // The engine may hand out an address that is less aligned than the instruction claims; it has reported
    // that.
    bool atomic = touch.kind != SM_READ && touch.kind != SM_WRITE;
    if (!atomic && !touch.alignment.empty()) parts.push_back({touch.alignment, "align 1"});
  }
  if (parts.empty()) return false;
  text += replaced(instruction.line, std::move(parts));
  text += '\n';
  return true;
}

}  // namespace softmetal::ir
