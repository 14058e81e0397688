#include "compile/toolchain.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <map>
#include <mutex>
#include <sstream>

#include "compile/cache.h"
#include "compile/compiler.h"
#include "compile/files.h"
#include "compile/process.h"
#include "settings/settings.h"

#if defined(__aarch64__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

namespace softmetal {
namespace {

namespace fs = std::filesystem;

constexpr int kOldestClang = 19;  // the first with the bfloat arithmetic and the checks that stdlib needs

bool can_run(const fs::path& path) {
  std::error_code failure;
  return fs::is_regular_file(path, failure) && access(path.c_str(), X_OK) == 0;
}

// A name with a slash as it is; others along PATH. Empty: nowhere.
std::string find_program(const std::string& name) {
  if (name.find('/') != std::string::npos) return can_run(name) ? name : "";
  const char* path = std::getenv("PATH");
  std::istringstream folders(path ? path : "");
  for (std::string folder; std::getline(folders, folder, ':');) {
    if (!folder.empty() && can_run(fs::path(folder) / name)) return (fs::path(folder) / name).string();
  }
  return "";
}

// "clang version 20.1.2 ..." or "Debian clang version 19.1.7 ...": 20 and 19.
int major_version(const std::string& version) {
  const std::string marker = "clang version ";
  size_t at = version.find(marker);
  return at == std::string::npos ? 0 : std::atoi(version.c_str() + at + marker.size());
}

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

// zig is one program with clang and lld inside, chosen by its first argument.
bool is_zig(const std::string& program) { return fs::path(program).filename().string().starts_with("zig"); }

// `text` is a program, or a program and "clang"; folders may have spaces in their names.
std::vector<std::string> command_of(const std::string& text) {
  std::string program = find_program(text);
  if (!program.empty()) {
    return is_zig(program) ? std::vector<std::string>{program, "clang"} : std::vector<std::string>{program};
  }
  size_t space = text.rfind(' ');
  if (space == std::string::npos) return {};
  program = find_program(text.substr(0, space));
  return program.empty() ? std::vector<std::string>{}
                         : std::vector<std::string>{program, text.substr(space + 1)};
}

// The linker of the same version: beside the compiler, or along PATH.
std::vector<std::string> linker_of(const std::vector<std::string>& clang, int major) {
  if (is_zig(clang[0])) return {clang[0], "ld.lld"};
  std::error_code failure;
  fs::path real = fs::canonical(clang[0], failure);
  std::string versioned = "ld.lld-" + std::to_string(major);
  for (const fs::path& beside :
       {real.parent_path() / "ld.lld", fs::path(clang[0]).parent_path() / versioned}) {
    if (can_run(beside)) return {beside.string()};
  }
  for (const std::string& name : {versioned, std::string("ld.lld")}) {
    if (std::string program = find_program(name); !program.empty()) return {program};
  }
  return {};
}

// Asking takes longer than loading a kernel from the cache does, so the answer is kept beside the kernels.
// The program's size and time stamps say whether it still holds.
std::string version_key(const std::string& program) {
  struct stat info{};
  std::error_code failure;
  std::string real = fs::canonical(program, failure).string();
  if (failure || stat(real.c_str(), &info) != 0) return "";
  std::ostringstream identity;
  identity << real << ' ' << info.st_size << ' ' << info.st_ino << ' ' << info.st_mtim.tv_sec << ' '
           << info.st_mtim.tv_nsec;
  return "compiler-" + content_hash(identity.str());
}

std::string version_of(std::vector<std::string> clang) {
  constexpr const char* kFile = "/version";
  std::string key = version_key(clang[0]);
  if (auto entry = find_entry(key)) {
    if (auto version = read_file(*entry + kFile); version && !version->empty()) return *version;
  }
  clang.push_back("--version");
  ProcessResult answer = run_process(clang);
  if (answer.status != 0) return "";
  std::string version = first_line(answer.output);
  TemporaryFolder folder;
  if (!key.empty() && write_file(folder.path + kFile, version)) publish_entry(key, folder.path);
  return version;
}

Toolchain describe(const std::string& text) {
  Toolchain found;
  found.clang = command_of(text);
  if (found.clang.empty()) {
    found.failure = "there is no such compiler: " + text;
    return found;
  }
  std::string version = version_of(found.clang);
  int major = major_version(version);
  if (major < kOldestClang) {
    found.failure = text + " is not clang " + std::to_string(kOldestClang) + " or later" +
                    (version.empty() ? "" : ": " + version);
    return found;
  }
  found.linker = linker_of(found.clang, major);
  if (found.linker.empty()) {
    found.failure = "there is no ld.lld for " + text;
  } else {
    found.version = version;
  }
  return found;
}

// What `npm run setup` wrote: the compiler as the setting would have it, on one line.
std::string recorded_compiler() {
  auto record = read_file(softmetal_folder() + "/.cache/compiler");
  return record ? first_line(*record) : "";
}

Toolchain search() {
  std::vector<std::string> candidates = {"clang++-22", "clang++-21", "clang++-20", "clang++-19", "clang++"};
  if (std::string recorded = recorded_compiler(); !recorded.empty())
    candidates.insert(candidates.begin(), recorded);
  for (const std::string& candidate : candidates) {
    if (Toolchain found = describe(candidate); !found.version.empty()) return found;
  }
  Toolchain none;
  none.failure =
      "kernels cannot be compiled: there is no clang " + std::to_string(kOldestClang) +
      " or later with ld.lld; run setup, or set SOFTMETAL_COMPILER to a clang or to \"<path>/zig clang\"";
  return none;
}

Toolchain known_toolchain() {
  static std::mutex mutex;
  static std::map<std::string, Toolchain> known;
  std::string wanted = current_settings().compiler;
  std::lock_guard lock(mutex);
  auto found = known.find(wanted);
  if (found != known.end()) return found->second;
  Toolchain toolchain = wanted.empty() ? search() : describe(wanted);
  // A missing one may be installed later in the life of this process.
  if (!toolchain.version.empty()) known.emplace(wanted, toolchain);
  return toolchain;
}

}  // namespace

Toolchain find_toolchain() {
  Toolchain toolchain = known_toolchain();
  if (!toolchain.version.empty()) toolchain.stdlib = stdlib_hash();
  return toolchain;
}

std::string compiler_version() { return find_toolchain().version; }

std::string processor_shortcoming() {
#if defined(__x86_64__)
  __builtin_cpu_init();
  bool enough =
      __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2");
  return enough ? "" : "this processor has no AVX2, FMA or BMI2, which kernels are compiled for";
#else
  unsigned long features = getauxval(AT_HWCAP);
  bool enough = (features & HWCAP_ATOMICS) && (features & HWCAP_ASIMDHP);
  return enough ? ""
                : "this processor has no half precision or no atomics of ARMv8.2, which kernels are compiled "
                  "for";
#endif
}

}  // namespace softmetal
