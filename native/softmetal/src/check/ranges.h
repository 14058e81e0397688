// The memory that a dispatch's kernel may use: which argument an address belongs to, and which it is nearest
// to.
#pragma once

#include <cstdint>
#include <vector>

#include "engine/observer.h"

namespace softmetal {

enum class Space { kDevice, kThreadgroup, kProgram };  // kProgram: constants of the kernel's own image

// Why a range may not be written.
enum class Protection { kNone, kConstant, kConstDevice, kSetBytes, kProgram };

struct ArgumentRange {
  uint64_t begin = 0, length = 0;
  Space space = Space::kDevice;
  Protection protection = Protection::kNone;
  uint64_t group_offset = 0;  // threadgroup memory: where it begins in the threadgroup's
  bool quiet = false;         // nobody can write it while reads matter: they need no history
  int index = -1;             // of the argument; -1: resident memory, variables, the program's constants
  const char* name = "";

  bool holds(uint64_t address, uint64_t size) const {
    return address - begin < length && size <= length - (address - begin);
  }
};

class ArgumentRanges {
 public:
  static constexpr int kNone = -1;

  explicit ArgumentRanges(const Dispatch& dispatch);
  // Places the threadgroup's memory. False when nothing has moved, which costs little.
  bool place(const GroupMemory& memory);

  const ArgumentRange& operator[](int range) const { return ranges_[range]; }
  // The range that holds all of it; one that may be written is preferred for writes. kNone when there is
  // none.
  int find(uint64_t address, uint64_t size, bool writes) const;
  // The range whose edge is nearest to an access that no range holds; kNone when there are no ranges.
  int nearest(uint64_t address, uint64_t size) const;

 private:
  void add_arguments(const Dispatch& dispatch);
  void add_resident(const Dispatch& dispatch);
  void add_variables(const GroupMemory& memory);
  void mark_quiet(bool ordered);
  void sort();

  const Dispatch& dispatch_;
  std::vector<ArgumentRange> fixed_;   // all but threadgroup memory
  std::vector<ArgumentRange> ranges_;  // by begin
  std::vector<uint64_t> reach_;        // the furthest end among ranges_[0..i]
  GroupMemory placed_ = {};
};

}  // namespace softmetal
