// What one execution of a basic block computes.
//
// A count is what the optimised kernel executes, an operation of a vector counting once per element:
// multiply_adds    an fmul whose only use is an fadd or fsub on the same straight path, both allowed to
// contract;
//                  fma
// additions        other fadd and fsub            multiplications  other fmul            divisions  fdiv
// exp2             exp2; exp and exp10 too, which add the multiplication that scales their argument
// other_math       sqrt, log, sin, pow, floor, ...; 1/sqrt is one
// comparisons      fcmp, fmin, fmax, selections of floating-point values; a comparison that only steers a
//                  selection is one with it
// integer          add, sub, mul, div, rem, shifts, logic, icmp, min, max, bit counting, other selections
// conversions      between floating-point types, and between those and integers
// Not counted: branches, addresses (getelementptr), widening and truncation of integers, negation and
// absolute value of floating point (modifiers of an operand), moves of vector elements.
#pragma once

#include <map>
#include <string_view>
#include <vector>

#include "compile/compiler.h"
#include "compile/instrument_text.h"

namespace softmetal::ir {

// `uses`: how often each value of the function is used.
using UseCounts = std::map<std::string_view, int>;
UseCounts count_uses(const std::vector<std::string_view>& lines);

// The blocks of one stretch of code, which all its threads walk through: what feeds what is looked for in all
// of it. One result per block.
std::vector<Block> count_stretch(const std::vector<std::vector<Instruction>>& blocks, const UseCounts& uses);
bool is_empty(const Block& block);

}  // namespace softmetal::ir
