// What kernels may touch and checks must not see, in one range of addresses: the private memory of a worker's
// fibers, which are stacks of one size, committed as they are touched, each with an inaccessible page at its
// low end; and after them the tables by which the device and its kernels exchange values.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace softmetal {

constexpr size_t kStackBytes = 128 << 10;
constexpr int kMaxThreads = 1024;  // of a threadgroup: every Apple GPU's limit

class Stacks {
 public:
  explicit Stacks(size_t table_bytes);  // throws std::bad_alloc
  ~Stacks();
  Stacks(const Stacks&) = delete;
  Stacks& operator=(const Stacks&) = delete;

  bool contains(const void* address) const {
    return reinterpret_cast<uintptr_t>(address) - reinterpret_cast<uintptr_t>(base_) < bytes_;
  }
  int take();  // -1 when the system has no mapping left
  void release(int stack) { free_.push_back(stack); }
  void release_all();
  char* top(int stack) const;
  void* tables() const { return base_ + kStackBytes * kMaxThreads; }  // zero at first

 private:
  bool protect(int count);

  char* base_;
  size_t bytes_;
  int used_ = 0;       // stacks below this have been handed out
  int protected_ = 0;  // stacks below this have their guard page
  std::vector<int> free_;
};

}  // namespace softmetal
