#include "cpu/instruction_set.h"

#include <algorithm>
#include <array>
#include <cstring>

#include "error.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif
#if defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>

#include <fstream>
#elif defined(__APPLE__)
#include <sys/sysctl.h>
#endif

namespace fa {

namespace {

#if defined(__x86_64__)

// __builtin_cpu_supports also asks whether the operating system saves the wide registers.
bool has_avx2() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  const bool f16c = __get_cpuid(1, &a, &b, &c, &d) != 0 && (c & bit_F16C) != 0;
  return f16c && __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
}

bool has_avx512() {
  return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
         __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") &&
         __builtin_cpu_supports("avx512cd");
}

bool processor_has_amx() {
  constexpr unsigned kTile = 1u << 24, kBf16 = 1u << 22, kVectorBf16 = 1u << 5;
  unsigned a = 0, b = 0, c = 0, d = 0;
  if (__get_cpuid_count(7, 0, &a, &b, &c, &d) == 0 || (d & kTile) == 0 || (d & kBf16) == 0) return false;
  return __get_cpuid_count(7, 1, &a, &b, &c, &d) != 0 && (a & kVectorBf16) != 0;
}

/// Linux saves the tile registers (8 KB) only for processes that ask; it refuses where it cannot, or where a
/// signal stack of some thread would be too small.
bool may_use_tiles() {
#if defined(__linux__)
  constexpr int kRequestPermission = 0x1023, kTileData = 18;  // ARCH_REQ_XCOMP_PERM, XFEATURE_XTILEDATA
  static const bool granted = syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
  return granted;
#else
  return false;
#endif
}

bool has_amx() { return has_avx512() && processor_has_amx() && may_use_tiles(); }

#else

bool has_avx2() { return false; }
bool has_avx512() { return false; }
bool has_amx() { return false; }

#endif

constexpr std::array<const char*, 5> kInstructionSets{"amx", "avx512", "avx2", "neon", "scalar"};

}  // namespace

std::vector<const cpu::Kernels*> runnable_kernels() {
  std::vector<const cpu::Kernels*> kernels;
  const auto add = [&](const cpu::Kernels* candidate, bool runs) {
    if (candidate != nullptr && runs) kernels.push_back(candidate);
  };
  if (cpu::amx_kernels() != nullptr) add(cpu::amx_kernels(), has_amx());
  add(cpu::avx512_kernels(), has_avx512());
  add(cpu::avx2_kernels(), has_avx2());
  add(cpu::neon_kernels(), true);  // part of every 64-bit ARM
  add(cpu::scalar_kernels(), true);
  return kernels;
}

const cpu::Kernels& choose_kernels(const std::string& isa) {
  const auto runnable = runnable_kernels();
  if (isa.empty()) return *runnable.front();
  std::string here;
  for (const cpu::Kernels* kernels : runnable) {
    if (isa == kernels->isa) return *kernels;
    here += std::string(here.empty() ? "" : ", ") + kernels->isa;
  }
  const bool known =
      std::find(kInstructionSets.begin(), kInstructionSets.end(), isa) != kInstructionSets.end();
  refuse(known ? ErrorCode::BACKEND_UNAVAILABLE : ErrorCode::INVALID_ARGUMENT, "isa",
         "an instruction set that this build and processor have (" + here + ")", "'" + isa + "'");
}

std::string processor_name() {
#if defined(__linux__)
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    const auto colon = line.find(": ");
    if (line.rfind("model name", 0) == 0 && colon != std::string::npos) return line.substr(colon + 2);
  }
#elif defined(__APPLE__)
  char name[128] = {};
  size_t size = sizeof name - 1;
  if (sysctlbyname("machdep.cpu.brand_string", name, &size, nullptr, 0) == 0) return name;
#endif
  return "cpu";
}

}  // namespace fa
