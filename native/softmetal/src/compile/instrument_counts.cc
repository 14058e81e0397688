#include "compile/instrument_counts.h"

#include <algorithm>
#include <cstring>
#include <map>
#include <set>
#include <string>

namespace softmetal::ir {
namespace {

using Tally = uint32_t Block::*;

struct Group {
  Tally tally;
  const char* names;  // between blanks
};
constexpr Group kOpcodes[] = {
    {&Block::additions, " fadd fsub "},
    {&Block::multiplications, " fmul "},
    {&Block::divisions, " fdiv "},
    {&Block::comparisons, " fcmp "},
    {&Block::other_math, " frem "},
    {&Block::integer, " add sub mul udiv sdiv urem srem shl lshr ashr and or xor icmp "},
    {&Block::conversions, " fptrunc fpext sitofp uitofp fptosi fptoui "},
};
// Intrinsics by the name between "llvm." and the type, and functions of the C library.
constexpr Group kCalls[] = {
    {&Block::exp2, " exp2 exp exp10 "},
    {&Block::multiply_adds, " fma fmuladd "},
    {&Block::comparisons, " minnum maxnum minimum maximum minimumnum maximumnum fmin fmax is.fpclass "},
    {&Block::other_math,
     " sqrt cbrt pow powi log log2 log10 log1p expm1 sin cos tan sincos sincospi asin acos atan atan2 sinh "
     "cosh "
     "tanh asinh acosh atanh erf erfc tgamma lgamma hypot fmod remainder floor ceil trunc rint nearbyint "
     "round "
     "roundeven lround llround lrint llrint ldexp frexp modf copysign nextafter "},
    {&Block::integer,
     " smin smax umin umax abs ctpop ctlz cttz bitreverse bswap fshl fshr sadd.with.overflow "
     "uadd.with.overflow "
     "ssub.with.overflow usub.with.overflow smul.with.overflow umul.with.overflow sadd.sat uadd.sat ssub.sat "
     "usub.sat sshl.sat ushl.sat scmp ucmp "},
    {&Block::conversions, " fptosi.sat fptoui.sat convert.to.fp16 convert.from.fp16 "},
};

template <size_t N>
Tally find(const Group (&groups)[N], std::string_view name) {
  std::string key = " " + std::string(name) + " ";
  for (const Group& group : groups)
    if (std::strstr(group.names, key.c_str())) return group.tally;
  return nullptr;
}

bool is_type(std::string_view word) {
  return word == "half" || word == "bfloat" || word == "float" || word == "double" || word == "fp128" ||
         (word.size() > 1 && (word[0] == '<' || (word[0] == 'i' && word[1] >= '0' && word[1] <= '9')));
}

// The words between the opcode and the type: "nnan contract".
bool may_contract(const Instruction& one) {
  std::string_view rest = one.rest;
  for (std::string_view word = take_word(rest); !word.empty() && !is_type(word); word = take_word(rest))
    if (word == "fast" || word == "contract") return true;
  return false;
}

// The two values of "fast float %a, %b".
std::vector<std::string_view> values(const Instruction& one) {
  std::vector<std::string_view> operands = split_operands(one.rest);
  if (operands.size() < 2) return {};
  return {last_word(operands[0]), operands[1]};
}

// "llvm.exp2.v4f32" -> "exp2", "sinf" -> "sin", other functions unchanged.
std::string_view function_name(std::string_view callee) {
  callee.remove_prefix(1);
  if (!starts_with(callee, "llvm.")) {
    bool single = callee.size() > 1 && callee.back() == 'f' && callee != "erf";
    return single ? callee.substr(0, callee.size() - 1) : callee;
  }
  callee.remove_prefix(5);
  for (size_t dot = callee.find('.'); dot != std::string_view::npos; dot = callee.find('.', dot + 1)) {
    std::string_view part = callee.substr(dot + 1);
    bool type =
        part.size() > 1 && std::strchr("fivb", part[0]) && (std::isdigit(part[1]) || starts_with(part, "bf"));
    if (type) return callee.substr(0, dot);
  }
  return callee;
}

bool is_float(std::string_view type) {
  return type.find("half") != type.npos || type.find("float") != type.npos ||
         type.find("double") != type.npos;
}

class StretchCounter {
 public:
  StretchCounter(const std::vector<std::vector<Instruction>>& blocks, const UseCounts& uses)
      : blocks_(blocks), uses_(uses) {
    for (const auto& block : blocks)
      for (const Instruction& one : block)
        if (!one.result.empty()) by_name_.emplace(one.result, &one);
  }
  std::vector<Block> run() {
    std::vector<Block> counts(blocks_.size());
    for (size_t i = 0; i < blocks_.size(); i++) {
      block_ = &counts[i];
      for (const Instruction& one : blocks_[i]) merge(one);
    }
    for (size_t i = 0; i < blocks_.size(); i++) {
      block_ = &counts[i];
      for (const Instruction& one : blocks_[i])
        if (!merged_.count(&one)) count(one);
    }
    return counts;
  }

 private:
  // The instruction of this stretch that makes the value.
  const Instruction* source(std::string_view value, std::string_view opcode) const {
    auto found = by_name_.find(value);
    return found != by_name_.end() && found->second->opcode == opcode ? found->second : nullptr;
  }
  // The same, when nothing else uses the value.
  const Instruction* sole_source(std::string_view value, std::string_view opcode) const {
    auto use = uses_.find(value);
    return use != uses_.end() && use->second == 1 ? source(value, opcode) : nullptr;
  }

  void merge(const Instruction& one) {
    if (one.opcode == "trunc") return merge_extraction(one);
    if (one.opcode == "or") return merge_packing(one);
    if (one.opcode == "fadd" || one.opcode == "fsub") return merge_multiply_add(one);
    if (one.opcode == "fdiv") return merge_reciprocal_root(one);
    if (one.opcode != "select") return;
    std::vector<std::string_view> operands = split_operands(one.rest);
    std::string_view condition = operands.empty() ? std::string_view() : last_word(operands[0]);
    for (const char* opcode : {"fcmp", "icmp"})
      if (const Instruction* source = sole_source(condition, opcode)) merged_.insert(source);
  }

  // trunc(x >> 16): a part of a register.
  void merge_extraction(const Instruction& one) {
    std::string_view from = one.rest.substr(0, one.rest.find(" to "));
    const Instruction* shift = sole_source(last_word(from), "lshr");
    if (shift && !starts_with(last_word(shift->rest.substr(0, shift->rest.find(", !"))), "%"))
      merged_.insert(shift);
  }

  // zext(high) << 16 | zext(low): parts put side by side.
  void merge_packing(const Instruction& one) {
    std::vector<std::string_view> parts = values(one);
    if (parts.size() < 2 || !starts_with(one.rest, "disjoint ")) return;
    const Instruction* shift = sole_source(parts[0], "shl");
    size_t low = 1;
    if (!shift) shift = sole_source(parts[1], "shl"), low = 0;
    if (!shift || !source(values(*shift)[0], "zext") || !source(parts[low], "zext")) return;
    merged_.insert({&one, shift});
  }

  void merge_multiply_add(const Instruction& one) {
    if (!may_contract(one)) return;
    for (std::string_view value : values(one)) {
      const Instruction* product = sole_source(value, "fmul");
      if (!product || !may_contract(*product)) continue;
      merged_.insert({product, &one});
      block_->multiply_adds += vector_width(one.rest);
      return;
    }
  }

  void merge_reciprocal_root(const Instruction& one) {
    std::vector<std::string_view> operands = split_operands(one.rest);
    if (operands.size() < 2) return;
    bool is_one = false;
    for (const char* text : {"1.000000e+00", "0xH3C00", "0xR3F80"})
      is_one |= operands[0].find(text) != operands[0].npos;
    const Instruction* root = sole_source(operands[1], "call");
    if (is_one && root && function_name(parse_call(*root).callee) == "sqrt") merged_.insert(&one);
  }

  void count(const Instruction& one) {
    if (one.opcode == "call") return count_call(one);
    Tally tally = find(kOpcodes, one.opcode);
    if (one.opcode == "select") {
      std::vector<std::string_view> operands = split_operands(one.rest);
      tally = operands.size() > 1 && is_float(operands[1]) ? &Block::comparisons : &Block::integer;
    }
    if (tally) block_->*tally += vector_width(one.rest);
  }

  void count_call(const Instruction& one) {
    Call call = parse_call(one);
    if (call.callee.empty()) return;
    std::string_view name = function_name(call.callee);
    Tally tally = find(kCalls, name);
    if (!tally) return;
    unsigned width = vector_width(call.before);
    block_->*tally += width;
    if (name == "exp" || name == "exp10") block_->multiplications += width;
  }

  const std::vector<std::vector<Instruction>>& blocks_;
  const UseCounts& uses_;
  Block* block_ = nullptr;  // where the instruction at hand counts
  std::map<std::string_view, const Instruction*> by_name_;
  std::set<const Instruction*> merged_;
};

}  // namespace

UseCounts count_uses(const std::vector<std::string_view>& lines) {
  UseCounts uses;
  for (std::string_view line : lines)
    for (std::string_view name : local_names(line)) uses[name]++;
  // A definition is no use.
  for (std::string_view line : lines) {
    Instruction one;
    if (parse_instruction(line, one) && !one.result.empty()) uses[one.result]--;
  }
  return uses;
}

std::vector<Block> count_stretch(const std::vector<std::vector<Instruction>>& blocks, const UseCounts& uses) {
  return StretchCounter(blocks, uses).run();
}

bool is_empty(const Block& block) {
  return !(block.multiply_adds | block.additions | block.multiplications | block.divisions | block.exp2 |
           block.other_math | block.comparisons | block.integer | block.conversions);
}

}  // namespace softmetal::ir
