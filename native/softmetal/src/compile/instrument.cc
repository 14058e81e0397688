#include "compile/instrument.h"

#include <cstddef>
#include <map>
#include <set>
#include <string_view>

#include "compile/instrument_access.h"
#include "compile/instrument_counts.h"
#include "compile/instrument_debug.h"
#include "compile/instrument_division.h"
#include "compile/instrument_private.h"
#include "compile/instrument_text.h"
#include "compile/instrument_types.h"
#include "kernel_abi.h"

namespace softmetal {
namespace {

using ir::Author;
using ir::Instruction;
using ir::Origin;
using ir::starts_with;
using Lines = std::vector<std::string_view>;

Lines split_lines(std::string_view text) {
  Lines lines;
  for (size_t start = 0; start < text.size();) {
    size_t end = std::min(text.find('\n', start), text.size());
    lines.push_back(text.substr(start, end - start));
    start = end + 1;
  }
  return lines;
}

struct Step {  // a line of a function
  std::string_view line;
  bool is_instruction = false;
  Instruction instruction;
  Origin origin;
};

// Initialisers run before the engine hands over its table.
bool is_initialiser(std::string_view header) {
  return header.find("@__cxx_global_var_init") != header.npos || header.find("@_GLOBAL__") != header.npos ||
         header.find("section \".text.startup\"") != header.npos;
}

class Instrumenter {
 public:
  Instrumenter(const Lines& lines, Instrumented& result)
      : lines_(lines),
        debug_(lines),
        accesses_(types_, result.sites),
        divisions_(types_, result.sites),
        result_(result) {
    for (std::string_view line : lines) types_.define(line);
  }

  void run() {
    for (size_t at = 0; at < lines_.size(); at++) {
      if (!starts_with(lines_[at], "define ")) {
        emit(lines_[at]);
        continue;
      }
      size_t end = at;
      while (end < lines_.size() && lines_[end] != "}") end++;
      Lines function(lines_.begin() + static_cast<ptrdiff_t>(at),
                     lines_.begin() + static_cast<ptrdiff_t>(end));
      int subprogram = ir::number_after(function.front(), "!dbg !");
      if (subprogram < 0 || is_initialiser(function.front())) {
        for (std::string_view line : function) emit(line);
      } else {
        rewrite(function, subprogram);
      }
      at = end - 1;  // the closing brace comes next
      if (end == lines_.size()) break;
    }
    emit_hooks();
  }

 private:
  void emit(std::string_view line) { result_.text.append(line) += '\n'; }

  std::vector<Step> read(const Lines& function, int subprogram) const {
    std::vector<Step> steps;
    // What has no place of its own belongs to the code before it.
    Origin last = debug_.origin(-1, subprogram);
    for (std::string_view line : function) {
      Step step;
      step.line = line;
      step.is_instruction = !starts_with(line, "define ") && ir::parse_instruction(line, step.instruction);
      if (step.is_instruction) {
        step.origin = step.instruction.debug < 0 ? last : debug_.origin(step.instruction.debug, subprogram);
        if (step.origin.location.line == 0) step.origin.location = last.location;
        last = step.origin;
      }
      steps.push_back(step);
    }
    find_authors(steps);
    return steps;
  }

  // Code that the optimiser moves out of a loop loses its place: values that only one kind of author uses are
  // that author's, and are placed where they are used; accesses to memory are the kernel's, so that none
  // escapes, but for the device's variables.
  static void find_authors(std::vector<Step>& steps) {
    std::map<std::string_view, Origin> users;
    for (size_t i = steps.size(); i-- > 0;) {  // users come after what they use, but for loops
      Step& step = steps[i];
      if (!step.is_instruction) continue;
      const std::string_view opcode = step.instruction.opcode;
      if (step.instruction.debug < 0) {
        if (auto user = users.find(step.instruction.result); user != users.end()) step.origin = user->second;
        if (opcode == "load" || opcode == "store" || opcode == "call") {
          const bool own = step.line.find("@_ZN2sm") != std::string_view::npos;
          step.origin.author = own ? Author::kDevice : Author::kKernel;
        }
      }
      for (std::string_view name : ir::local_names(step.instruction.rest)) {
        auto [user, fresh] = users.try_emplace(name, step.origin);
        if (step.origin.author <= user->second.author) user->second = step.origin;
      }
    }
  }

  void rewrite(const Lines& function, int subprogram) {
    std::vector<Step> steps = read(function, subprogram);
    std::vector<Instruction> instructions;
    for (const Step& step : steps)
      if (step.is_instruction) instructions.push_back(step.instruction);
    std::set<std::string_view> private_pointers = ir::private_pointers(instructions);
    std::vector<Block> blocks = count_blocks(steps, ir::count_uses(function));
    size_t block = 0;
    bool announced = false;
    for (size_t at = 0; at < steps.size(); at++) {
      const Step& step = steps[at];
      if (ir::is_label(step.line)) {
        block++;
        announced = false;
      }
      if (step.is_instruction && step.instruction.opcode != "phi" && !announced) {
        announce(blocks[block]);
        announced = true;
      }
      const bool hookable = step.origin.author == Author::kKernel || step.origin.author == Author::kHelper;
      const Location& place = step.origin.location;
      bool hooked = step.is_instruction && hookable &&
                    (accesses_.rewrite(step.instruction, private_pointers, place, result_.text) ||
                     divisions_.rewrite(step.instruction, place, result_.text));
      if (!hooked) emit(step.line);
    }
  }

  // One per label and one for what stands before the first. Where the device's library branches, in the midst
  // of a shuffle for example, the kernel's own code goes straight on.
  static std::vector<Block> count_blocks(const std::vector<Step>& steps, const ir::UseCounts& uses) {
    std::vector<Block> blocks;
    std::vector<std::vector<Instruction>> stretch(1);
    std::vector<Location> places(1);
    auto finish = [&] {
      std::vector<Block> counted = ir::count_stretch(stretch, uses);
      for (size_t i = 0; i < counted.size(); i++) {
        counted[i].location = places[i];
        blocks.push_back(counted[i]);
      }
      stretch.clear();
      places.clear();
    };
    bool straight = true;  // whether the last instruction leaves the stretch as it is
    for (const Step& step : steps) {
      if (ir::is_label(step.line)) {
        if (!straight) finish();
        stretch.emplace_back();
        places.emplace_back();
      }
      if (!step.is_instruction) continue;
      straight = step.origin.author >= Author::kHelper;
      if (step.origin.author > Author::kConversion) continue;
      const bool converts = step.origin.author == Author::kConversion;
      if (converts && step.instruction.opcode != step.origin.converting) continue;
      stretch.back().push_back(step.instruction);
      if (converts) stretch.back().back().opcode = "fptrunc";
      if (places.back().line == 0) places.back() = step.origin.location;
    }
    finish();
    return blocks;
  }

  void announce(const Block& block) {
    if (ir::is_empty(block)) return;
    emit("  call void @sm_block(i32 " + std::to_string(result_.blocks.size()) + ")");
    result_.blocks.push_back(block);
  }

  // Small functions that find the engine's table where it put it.
  void emit_hooks() {
    bool has_table = false;
    for (std::string_view line : lines_) has_table |= starts_with(line, "@sm_kernel_table =");
    if (!has_table) emit("@sm_kernel_table = external global i8");
    std::string api = "  %holder = getelementptr i8, ptr @sm_kernel_table, i64 " +
                      std::to_string(offsetof(sm_kernel, api)) + "\n  %api = load ptr, ptr %holder\n";
    auto entry = [](size_t offset) {
      return "  %slot = getelementptr i8, ptr %api, i64 " + std::to_string(offset) +
             "\n  %hook = load ptr, ptr %slot\n";
    };
    emit("define internal ptr @sm_access(ptr %address, i32 %size, i32 %kind, i32 %site) nounwind {\n" + api +
         entry(offsetof(sm_api, access)) +
         "  %use = tail call ptr %hook(ptr %address, i32 %size, i32 %kind, i32 %site)\n  ret ptr %use\n}");
    // A copy of no bytes may come with any pointer.
    emit(
        "define internal ptr @sm_access_range(ptr %address, i64 %size, i32 %kind, i32 %site) nounwind {\n"
        "  %none = icmp eq i64 %size, 0\n  br i1 %none, label %unused, label %used\n"
        "unused:\n  ret ptr %address\n"
        "used:\n  %less = call i64 @llvm.umin.i64(i64 %size, i64 4294967295)\n  %bytes = trunc i64 %less to "
        "i32\n"
        "  %use = tail call ptr @sm_access(ptr %address, i32 %bytes, i32 %kind, i32 %site)\n  ret ptr "
        "%use\n}");
    emit("define internal void @sm_block(i32 %block) nounwind {\n" + api + entry(offsetof(sm_api, block)) +
         "  tail call void %hook(i32 %block)\n  ret void\n}");
    emit(
        "define internal void @sm_divisor(i1 %zero, i32 %site) nounwind {\n  br i1 %zero, label %bad, label "
        "%good\n"
        "bad:\n  call ptr @sm_access(ptr null, i32 0, i32 " +
        std::to_string(SM_ZERO_DIVISOR) + ", i32 %site)\n  br label %good\ngood:\n  ret void\n}");
    bool has_minimum = false;
    for (std::string_view line : lines_)
      has_minimum |= starts_with(line, "declare ") && line.find("@llvm.umin.i64(") != line.npos;
    if (!has_minimum) emit("declare i64 @llvm.umin.i64(i64, i64)");
  }

  const Lines& lines_;
  ir::DebugInfo debug_;
  ir::Types types_;
  ir::AccessRewriter accesses_;
  ir::DivisionGuard divisions_;
  Instrumented& result_;
};

}  // namespace

Instrumented instrument(const std::string& llvm_ir) {
  Instrumented result;
  result.text.reserve(llvm_ir.size() * 2);
  Lines lines = split_lines(llvm_ir);
  Instrumenter(lines, result).run();
  return result;
}

}  // namespace softmetal
