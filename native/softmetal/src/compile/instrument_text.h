// Reading LLVM's textual IR: one instruction a line, operands separated by commas outside brackets.
#pragma once

#include <string_view>
#include <vector>

namespace softmetal::ir {

struct Instruction {
  std::string_view line;    // the whole line, indented
  std::string_view result;  // "%12"; empty when there is none
  std::string_view opcode;  // "load"; "call" for every form of call
  std::string_view rest;    // what follows the opcode
  int debug = -1;           // number of its !DILocation; -1 = none
};

struct Call {
  std::string_view before;  // flags, attributes and the result's type
  std::string_view callee;  // "@name"; empty for an indirect call
  std::string_view arguments;
  std::string_view after;  // attributes and metadata
};

bool starts_with(std::string_view text, std::string_view prefix);
std::string_view trimmed(std::string_view text);
// Takes the first word (up to a blank) off the text.
std::string_view take_word(std::string_view& text);
std::string_view last_word(std::string_view text);
// How much of the text the value at its start takes: %1, @table, getelementptr (i8, ptr @table, i64 4).
size_t value_length(std::string_view text);
// Position just after the bracket that closes the one at `open`; the text's length when none does.
size_t after_bracket(std::string_view text, size_t open);
std::vector<std::string_view> split_operands(std::string_view text);
// Every `%name` in the text, in order.
std::vector<std::string_view> local_names(std::string_view text);
// The N of the first `<N x ...>`, else 1.
unsigned vector_width(std::string_view text);
// The number after `key`, as in "!dbg !7"; -1 when the key is not there.
int number_after(std::string_view text, std::string_view key);

bool is_label(std::string_view line);
// False for lines that are no instruction: labels, comments, debug records, the rest of a switch.
bool parse_instruction(std::string_view line, Instruction& instruction);
Call parse_call(const Instruction& instruction);

}  // namespace softmetal::ir
