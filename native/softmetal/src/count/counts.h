// What a dispatch did, in the units in which a GPU's time is argued. Arithmetic is what the optimised kernel
// executes: compile/instrument_counts.h says what counts as what.
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace softmetal {

struct Counts {
  uint64_t threadgroups = 0, threads = 0, simdgroups = 0;
  // 8x8x8 multiply-accumulates of simdgroups, by operand type.
  uint64_t matrix_f32 = 0, matrix_f16 = 0, matrix_bf16 = 0;
  // Of threads. A multiply-add is a product that feeds one addition.
  uint64_t multiply_adds = 0, additions = 0, multiplications = 0, divisions = 0, exp2 = 0, other_math = 0;
  uint64_t comparisons = 0, integer = 0, conversions = 0;
  // Of simdgroups.
  uint64_t shuffles = 0, reductions = 0, prefixes = 0, votes = 0, simdgroup_barriers = 0;
  uint64_t threadgroup_barriers = 0;  // of threadgroups
  uint64_t atomics = 0;               // of threads
  // Bytes that threads ask for. An atomic operation reads and writes; an atomic load or store does one of
  // them.
  uint64_t threadgroup_bytes_read = 0, threadgroup_bytes_written = 0;
  uint64_t device_bytes_read = 0, device_bytes_written = 0;
  uint64_t device_accesses = 0;  // of threads, whatever their width
  // Bytes of buffers that are read, or written, at least once in the dispatch.
  uint64_t device_bytes_read_unique = 0, device_bytes_written_unique = 0;
  // Accesses of 32 lanes to threadgroup memory, grouped as the hardware would (count/bank_conflicts.h);
  // cycles with 16 and with 32 banks of 4 bytes.
  uint64_t threadgroup_requests = 0, bank_cycles_16 = 0, bank_cycles_32 = 0;

  struct Traffic {
    std::string name;  // of the kernel's argument
    uint64_t read = 0, written = 0, unique_read = 0, unique_written = 0, accesses = 0;
  };
  std::map<uint32_t, Traffic> buffers;  // by index in the argument table
};

// What is unique in two dispatches is added up, too.
Counts& operator+=(Counts& sum, const Counts& part);
// One object with the members' names; "buffers" holds an object per index.
std::string to_json(const Counts& counts);

}  // namespace softmetal
