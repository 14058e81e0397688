// Sizes of LLVM's types, as both of our targets (x86-64 and arm64 Linux) lay them out.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

namespace softmetal::ir {

struct Layout {
  uint64_t bytes = 0;  // what a load or store of it touches
  uint64_t alignment = 1;
  uint64_t stride() const { return (bytes + alignment - 1) / alignment * alignment; }
};

class Types {
 public:
  // "%struct.vec = type { [4 x float] }". Other lines are ignored.
  void define(std::string_view line);
  // Layout of the type at the start of the text. False when the text does not start with a type of known
  // size. `length`: how much of the text the type takes.
  bool layout(std::string_view text, Layout& result, size_t& length) const;
  bool layout(std::string_view text, Layout& result) const {
    size_t length = 0;
    return layout(text, result, length);
  }

 private:
  bool scalar(std::string_view text, Layout& result, size_t& length) const;
  bool sequence(std::string_view text, Layout& result, size_t& length) const;
  bool structure(std::string_view text, bool packed, Layout& result) const;

  std::map<std::string, std::string, std::less<>> named_;
};

}  // namespace softmetal::ir
