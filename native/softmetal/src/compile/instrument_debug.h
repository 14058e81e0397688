// Where an instruction comes from, out of the module's !DILocation chains.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "report/report.h"

namespace softmetal::ir {

// Who wrote a piece of code. The device's own is neither hooked nor counted, helpers are hooked only; code
// that converts to and from bfloat for the kernel counts as the conversions that it makes.
enum class Author { kKernel, kConversion, kHelper, kDevice };

struct Origin {
  Author author = Author::kKernel;
  Location location;            // the innermost place outside the device's library; line 0 = there is none
  std::string_view converting;  // kConversion: the opcode that stands for one conversion of each element
};

class DebugInfo {
 public:
  explicit DebugInfo(const std::vector<std::string_view>& module_lines);
  // Of the instruction with this !DILocation. Without one (-1) the function's !DISubprogram speaks for it.
  const Origin& origin(int location, int function) const;

 private:
  struct Node {
    enum Kind { kOther, kLocation, kScope, kSubprogram, kFile } kind = kOther;
    int line = 0, column = 0, scope = -1, inlined_at = -1, file = -1;
    std::string_view name, directory;
  };
  struct Frame {
    std::string file, function;
    int line = 0, column = 0;
  };
  void read(std::string_view line);
  Node node(int number) const;
  Frame frame(int location) const;
  std::string file_name(int number) const;
  Origin find(int location, int function) const;

  std::map<int, Node> nodes_;
  mutable std::map<std::pair<int, int>, Origin> known_;
};

}  // namespace softmetal::ir
