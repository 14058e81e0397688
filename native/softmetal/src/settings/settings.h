// Everything that can be set, from the environment (SOFTMETAL_<NAME>) or by softmetal_set().
#pragma once

#include <cstdint>
#include <string>

namespace softmetal {

enum class Schedule { kInOrder, kReverse, kRandom, kLockstep };

struct Settings {
  int workers;          // SOFTMETAL_WORKERS: operating-system threads that run threadgroups; 0 = one per core
  uint64_t seed;        // SOFTMETAL_SEED: of the random schedule
  Schedule schedule;    // SOFTMETAL_SCHEDULE: order | reverse | random | lockstep
  bool validate;        // SOFTMETAL_VALIDATE
  bool stats;           // SOFTMETAL_STATS
  std::string profile;  // SOFTMETAL_PROFILE: apple7 | apple8 | apple9 | apple10
  std::string cache;    // SOFTMETAL_CACHE: folder of compiled kernels
  std::string compiler;  // SOFTMETAL_COMPILER: a clang, or "/path/zig clang"; empty = look for one
  uint64_t guard_bytes;  // SOFTMETAL_GUARD_MB: inaccessible zone on either side of a buffer
  double timeout;        // SOFTMETAL_TIMEOUT: seconds a command buffer may run; 0 = no limit
  bool log;              // SOFTMETAL_LOG: reports go to stderr as they come
  bool leaks;            // SOFTMETAL_LEAKS: objects alive at exit are reported on stderr
};

// A copy of what holds now: taken once per pipeline and once per dispatch.
Settings current_settings();
// False, with the reason, for an unknown name or a bad value. An empty value restores the environment's.
bool set_setting(const std::string& name, const std::string& value, std::string& reason);

}  // namespace softmetal
