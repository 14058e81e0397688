// LLVM IR made for one processor, for another: both are 64-bit Linux with the same sizes and alignments.
#pragma once

#include <string>
#include <string_view>

namespace softmetal {

// The text without what names a processor: data layout, triple, and the functions' processor and features.
std::string without_target(std::string_view text);

}  // namespace softmetal
