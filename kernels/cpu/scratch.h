// Working memory of one kernel call.
#pragma once
#include <cstdint>

namespace fa::cpu {

/// One slot per thread, taken and given back by tasks. The memory of a finished call is kept for the next one
/// (one block, at most kKeptBytes), because fresh pages would cost short calls more than their arithmetic.
/// No function is inline: the per-ISA translation units must not emit code that the linker could pick for
/// others.
class Scratch {
 public:
  static constexpr int64_t kKeptBytes = int64_t{64} << 20;

  /// `slots` slots of `floats` each, and one block of `shared` floats. Throws std::bad_alloc.
  Scratch(int64_t floats, int slots, int64_t shared);
  ~Scratch();
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;

  /// A free slot, aligned to 64 bytes, contents undefined. Waits if more than `slots` tasks run at once.
  float* take();
  void give(float* slot);
  float* shared();

  /// Bytes that the constructor would ask for.
  static int64_t bytes(int64_t floats, int slots, int64_t shared);

 private:
  struct Block;
  Block* block_;
  int64_t floats_;
  int slots_;
};

}  // namespace fa::cpu
