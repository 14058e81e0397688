// Which clang and which linker build the kernels.
#pragma once

#include <string>
#include <vector>

namespace softmetal {

struct Toolchain {
  std::vector<std::string>
      clang;  // the first words of a command: {"/usr/bin/clang++-19"}, {"/x/zig", "clang"}
  std::vector<std::string> linker;  // {"/usr/bin/ld.lld-19"}, {"/x/zig", "ld.lld"}
  std::string version;              // "clang version 20.1.2 (...)"; empty: see `failure`
  std::string failure;
  std::string stdlib;  // a hash of stdlib's files as they were when this was asked for
};

// Looks at settings.compiler, then at what setup recorded, then along PATH. The answer is kept per setting;
// stdlib is looked at each time.
Toolchain find_toolchain();

// Kernels are built for the architecture that this library was built for.
#if defined(__x86_64__)
inline constexpr const char* kTarget = "x86_64-linux-gnu";
inline constexpr const char* kMachine = "x86-64-v3";
inline constexpr const char* kLinkerEmulation = "elf_x86_64";
#elif defined(__aarch64__)
inline constexpr const char* kTarget = "aarch64-linux-gnu";
inline constexpr const char* kMachine = "armv8.2-a+fp16";
inline constexpr const char* kLinkerEmulation = "aarch64linux";
#else
#error "softmetal runs on x86-64 and arm64"
#endif

// Instrumented builds start from LLVM IR for this one everywhere, so that reports and counts are the same on
// every machine. For arm64 clang passes a float3 in 16 bytes, and loads its padding from memory for that.
inline constexpr const char* kInstrumentedTarget = "x86_64-linux-gnu";
inline constexpr const char* kInstrumentedMachine = "x86-64-v3";

// Why this processor cannot run kernels, or empty. A fixed level, not what the processor has: then the same
// kernel gives the same bits, and a cache serves every machine.
std::string processor_shortcoming();

}  // namespace softmetal
