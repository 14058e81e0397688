#include "compile/instrument_division.h"

namespace softmetal::ir {
namespace {

struct Division {
  std::string type, element, mask;  // <4 x i32>, i32, <4 x i1>
  unsigned width = 1;
  int bits = 0;
  bool is_vector = false, is_signed = false;
  std::string dividend;
  std::string_view divisor;  // in the instruction's line
};

// "5", or "<i32 5, i32 5>" for a vector.
std::string constant(const Division& division, int64_t value) {
  if (!division.is_vector) return std::to_string(value);
  std::string text = "<";
  for (unsigned i = 0; i < division.width; i++)
    text += (i ? ", " : "") + division.element + " " + std::to_string(value);
  return text + ">";
}

// Of a division by something that is no constant.
bool parse(const Types& types, const Instruction& instruction, Division& division) {
  division.is_signed = instruction.opcode == "sdiv" || instruction.opcode == "srem";
  if (!division.is_signed && instruction.opcode != "udiv" && instruction.opcode != "urem") return false;
  std::vector<std::string_view> operands = split_operands(instruction.rest);
  if (operands.size() < 2 || !starts_with(operands[1], "%")) return false;
  if (starts_with(operands[0], "exact ")) operands[0].remove_prefix(6);
  Layout layout;
  size_t length = 0;
  if (!types.layout(operands[0], layout, length)) return false;
  std::string_view type = operands[0].substr(0, length);
  division.is_vector = starts_with(type, "<");
  division.width = vector_width(type);
  division.type = type;
  division.element = division.is_vector ? last_word(type.substr(0, length - 1)) : type;
  division.bits = number_after(division.element, "i");
  division.mask = division.is_vector ? "<" + std::to_string(division.width) + " x i1>" : "i1";
  division.dividend = trimmed(operands[0].substr(length));
  division.divisor = operands[1];
  return division.bits > 0 && division.bits <= 64;
}

}  // namespace

bool DivisionGuard::rewrite(const Instruction& instruction, const Location& location, std::string& text) {
  Division division;
  if (!parse(types_, instruction, division)) return false;
  const std::string name = "%softmetal.divisor." + std::to_string(names_++);
  const std::string divisor(division.divisor), &type = division.type, &mask = division.mask;
  auto all = [&](int64_t value) { return constant(division, value); };
  auto emit = [&](const std::string& part, const std::string& code) {
    text += "  " + name + part + " = " + code + "\n";
    return name + part;
  };
  std::string zero = emit(".zero", "icmp eq " + type + " " + divisor + ", " + all(0)), bad = zero, any = zero;
  if (division.is_vector) {
    const std::string lanes = "i" + std::to_string(division.width);
    any = emit(".lanes", "bitcast " + mask + " " + zero + " to " + lanes);
    any = emit(".any", "icmp ne " + lanes + " " + any + ", 0");
  }
  text += "  call void @sm_divisor(i1 " + any + ", i32 " + std::to_string(sites_.size()) + ")\n";
  sites_.push_back({location, 1});
  if (division.is_signed) {
    const int64_t least = static_cast<int64_t>(~uint64_t(0) << (division.bits - 1));
    std::string negative = emit(".negative", "icmp eq " + type + " " + divisor + ", " + all(-1));
    std::string lowest = emit(".lowest", "icmp eq " + type + " " + division.dividend + ", " + all(least));
    std::string overflow = emit(".overflow", "and " + mask + " " + negative + ", " + lowest);
    bad = emit(".bad", "or " + mask + " " + zero + ", " + overflow);
  }
  std::string safe =
      emit("", "select " + mask + " " + bad + ", " + type + " " + all(1) + ", " + type + " " + divisor);
  const std::string_view line = instruction.line;
  text.append(line.data(), division.divisor.data());
  text += safe;
  text.append(division.divisor.data() + division.divisor.size(), line.data() + line.size());
  text += '\n';
  return true;
}

}  // namespace softmetal::ir
