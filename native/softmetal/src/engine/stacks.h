// Private memory of a worker's fibers: stacks of one size in one range of addresses, committed as they are
// touched, each with an inaccessible page at its low end.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace softmetal {

constexpr size_t kStackBytes = 128 << 10;
constexpr int kMaxThreads = 1024;  // of a threadgroup: every Apple GPU's limit

class Stacks {
 public:
  Stacks();  // throws std::bad_alloc
  ~Stacks();
  Stacks(const Stacks&) = delete;
  Stacks& operator=(const Stacks&) = delete;

  bool contains(const void* address) const {
    return reinterpret_cast<uintptr_t>(address) - reinterpret_cast<uintptr_t>(base_) < kBytes;
  }
  int take();  // -1 when the system has no mapping left
  void release(int stack) { free_.push_back(stack); }
  void release_all();
  char* top(int stack) const;

 private:
  static constexpr size_t kBytes = kStackBytes * kMaxThreads;
  bool protect(int count);

  char* base_;
  int used_ = 0;       // stacks below this have been handed out
  int protected_ = 0;  // stacks below this have their guard page
  std::vector<int> free_;
};

}  // namespace softmetal
